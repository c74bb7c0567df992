"""The estimate before, the receipt after: on the pages, without JavaScript."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.datasets import dataset_store
from jobs.models import Attempt, Dataset, Job, Server
from jobs.money.quotes import Quoter
from jobs.states import JobStatus
from jobs.web.pages import presets
from tests.tasks import Task
from training.kinds import KINDS, Preset

pytestmark = pytest.mark.django_db
CSV = b"input,label\n" + b"".join(b"some words %d,%s\n" % (i, (b"a", b"b")[i % 2]) for i in range(20))


AS_GIVEN = "as long as you give it"


@pytest.fixture
def table() -> Dataset:
    return dataset_store.store_upload(task_type=Task.TEXT, upload=ContentFile(CSV, name="table.csv"))


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content
    return " ".join(response.content.decode().split())


def test_the_page_after_the_upload_tells_what_it_will_take(client: Client, table: Dataset) -> None:
    page = text_of(client.get(reverse("dataset", args=[table.token])))
    assert "What it will take" in page
    assert "no job like this has run here yet" in page
    assert "right away" in page
    # Where nothing has a price there is nothing to tell.
    assert "<dt>Cost" not in page


def test_the_page_brings_the_figures_of_each_preset(client: Client, table: Dataset) -> None:
    page = text_of(client.get(reverse("dataset", args=[table.token])))
    for preset in Preset:
        assert f'data-estimate="{preset}" hidden' in page
    assert page.count("Trains for") == 5


def test_a_preset_that_takes_no_longer_says_so() -> None:
    own = KINDS[Task.TEXT]

    def alike(preset: Preset, *others: Any) -> dict[str, Any]:
        return own.defaults(Preset.BALANCED if preset is Preset.BEST else preset, *others)

    kind = dataclasses.replace(own, defaults=alike)
    times = [card.time for card in presets.cards(kind, 9_000, Quoter())]
    assert times == ["less than a minute", "about 2 min", "about 2 min, like Balanced", AS_GIVEN]
    assert [card.time for card in presets.cards(kind, 60, Quoter())] == ["less than a minute"] * 3 + [
        AS_GIVEN
    ]


def test_asking_for_an_estimate_starts_nothing_and_needs_no_name(client: Client, table: Dataset) -> None:
    url = reverse("dataset", args=[table.token])
    form = {"preset": "best", "epochs": "200", "max_minutes": "1", "estimate": "1"}
    page = text_of(client.post(url, form))
    assert "with these settings" in page
    assert "Give the task a name" not in page
    assert 'value="200"' in page
    assert not Job.objects.exists()


def test_a_wrong_setting_is_told_instead_of_an_estimate(client: Client, table: Dataset) -> None:
    url = reverse("dataset", args=[table.token])
    page = text_of(client.post(url, {"preset": "best", "max_minutes": "soon", "estimate": "1"}), 400)
    assert "whole number of minutes" in page


def test_the_forms_terms_reach_the_job(client: Client, table: Dataset) -> None:
    url = reverse("dataset", args=[table.token])
    form = {"task_name": "x", "preset": "quick", "max_minutes": "9", "lane": "next_start"}
    assert client.post(url, form).status_code == 302
    job = Job.objects.get()
    assert (job.max_minutes, job.lane) == (9, "next_start")


def test_the_lane_is_offered_where_a_machine_would_have_to_start(
    client: Client, table: Dataset, settings: Any
) -> None:
    url = reverse("dataset", args=[table.token])
    assert 'name="lane"' not in text_of(client.get(url))
    settings.FLASH_COMPUTE = "ec2"
    settings.FLASH_EC2_TYPES = ["g5.xlarge"]
    settings.FLASH_EC2_PRICES = {"g5.xlarge": 1.0}
    page = text_of(client.get(url))
    assert 'name="lane"' in page
    assert "USD" in page


def test_an_ended_job_shows_its_receipt(client: Client, make_job: Callable[..., Job]) -> None:
    server, now = Server.objects.create(name="local:test"), timezone.now()
    job = make_job(
        fence=1,
        status=JobStatus.FAILED,
        error="x",
        quote={"training_seconds": {"expected": 60}, "cost": {"high": 1, "expected": 0.5}, "currency": "EUR"},
    )
    Attempt.objects.create(
        job=job, fence=1, server=server, started=now - timedelta(minutes=2), finished=now, price_per_hour=30.0
    )
    page = text_of(client.get(reverse("job", args=[job.token])))
    assert "Receipt" in page
    assert "USD 1.00" in page
    assert "Starting the machine" not in page and "idle time" not in page
    assert "The estimate was 60 s" in page or "The estimate was 1 min" in page
