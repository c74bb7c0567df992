"""What operators do with batches."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from jobs.models import BatchPrediction
from tests.jobs.batches.conftest import colours, stored

pytestmark = pytest.mark.django_db
Submit = Callable[..., BatchPrediction]
LIST = "admin:jobs_batchprediction_changelist"


def act(client: Client, action: str, *batches: BatchPrediction, **more: str) -> None:
    chosen = [batch.pk for batch in batches]
    answer = client.post(reverse(LIST), {"action": action, "_selected_action": chosen, **more})
    assert answer.status_code == 302


def test_an_operator_sees_cancels_and_deletes_batches(
    admin_client: Client, finish: Submit, submit: Submit, tmp_path: Path
) -> None:
    done, waiting = finish(colours(), "done.zip"), submit(colours(), "waiting.zip")
    page = admin_client.get(reverse(LIST)).content.decode()
    assert "done.zip" in page
    assert "waiting.zip" in page
    assert admin_client.get(reverse("admin:jobs_batchprediction_change", args=[done.pk])).status_code == 200
    act(admin_client, "cancel_batches", done, waiting, confirmed="yes")
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    assert [entry.object_id for entry in LogEntry.objects.all()] == [str(waiting.pk)]
    act(admin_client, "delete_selected", done, post="yes")
    assert not BatchPrediction.objects.filter(pk=done.pk).exists()
    assert "results.csv" not in stored(tmp_path / "media")


def test_nobody_else_sees_them(client: Client, submit: Submit) -> None:
    submit(colours())
    assert "login" in client.get(reverse(LIST)).url
