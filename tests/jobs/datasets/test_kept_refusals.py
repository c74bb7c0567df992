"""A file that was refused because of how it was read is kept: another choice makes sense of it, without an upload."""

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from jobs.datasets import dataset_store
from jobs.models import Dataset
from jobs.uploads import UploadRefused
from tests.jobs.kinds.sentences.workbooks import xlsx
from tests.tasks import Task

pytestmark = pytest.mark.django_db
GOOD = "".join(f"A boat number {i},{('sea', 'lake')[i % 2]}\n" for i in range(20))


def refused(data: bytes, name: str = "things.csv", task: str = Task.TEXT, **options: Any) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        dataset_store.store_upload(task_type=task, upload=ContentFile(data, name=name), options=options)
    return caught.value


@pytest.mark.parametrize(
    ("data", "options", "code", "answer"),
    [
        (f"text^label\n{GOOD}", {"delimiter": "semicolon"}, "one_column", {"delimiter": "comma"}),
        (f"text,label\n{GOOD}", {"label_column": "mood"}, "column_unknown", {"label_column": "label"}),
        (f"text,label\n{GOOD}", {"header_row": 90}, "upload_empty", {"header_row": 1}),
        (f"text,label\n{GOOD}", {"encoding": "utf-16"}, "encoding", {"encoding": "utf-8"}),
    ],
)
def test_a_wrong_choice_does_not_lose_the_file(
    client: Client, data: str, options: dict[str, Any], code: str, answer: dict[str, Any]
) -> None:
    data = data.replace("^", ",")
    refusal = refused(data.encode(), **options)
    assert (refusal.code, bool(refusal.token)) == (code, True)
    page = client.get(reverse("dataset", args=[refusal.token])).content.decode()
    assert "The file is kept" in page
    assert all(f'name="{name}"' in page for name in answer)
    where = reverse("api:dataset", args=[refusal.token])
    changed = client.patch(
        where, json.dumps({**dict.fromkeys(options), **answer}), content_type="application/json"
    )
    assert (changed.status_code, changed.json()["sample_count"]) == (200, 20)


def test_a_file_in_one_column_is_kept_for_another_delimiter(client: Client) -> None:
    data = "".join(f"A boat number {i} {('sea', 'lake')[i % 2]}\n" for i in range(20))
    refusal = refused(data.encode())
    assert (refusal.code, bool(refusal.token)) == ("one_column", True)
    form = {"delimiter": "tab"}
    answer = client.post(reverse("dataset-columns", args=[refusal.token]), form)
    assert "stays as it was" in answer.content.decode()
    assert Dataset.objects.get().refusal["code"] == "one_column"


def test_another_sheet_is_chosen_where_the_first_makes_no_sense(client: Client) -> None:
    rows = [["text", "label"], *([f"A boat {i}", ("sea", "lake")[i % 2]] for i in range(20))]
    data = xlsx({"Notes": [["only this"], *([f"line {i}"] for i in range(40))], "Data": rows})
    refusal = refused(data, "boats.xlsx", sheet="Notes")
    assert refusal.token
    page = client.get(reverse("dataset", args=[refusal.token])).content.decode()
    assert ">Data</option>" in page
    client.post(reverse("dataset-columns", args=[refusal.token]), {"sheet": "Data"})
    assert Dataset.objects.get().sample_count == 20


def test_options_that_say_nothing_keep_nothing() -> None:
    assert not refused(f"text,label\n{GOOD}".encode(), delimiter="anything").token
    assert not Dataset.objects.exists()


def test_what_no_choice_can_mend_is_not_kept() -> None:
    assert not refused(b"%PDF-1.4 and so on").token
    assert not refused(b"").token
    assert not Dataset.objects.exists()
