"""How a zip of pictures is read, chosen over the API and on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, Job
from tests.published import with_a_known_token
from tests.site.test_picture_reading_pages import counts, drawn, folders, two_levels, with_table, zip_of
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def check(client: Client, files: dict[str, bytes], **fields: Any) -> Any:
    upload = SimpleUploadedFile("things.zip", zip_of(files))
    return client.post(reverse("api:datasets"), {"dataset": upload, "task_type": Task.IMAGE.value, **fields})


def change(client: Client, token: str, **fields: Any) -> Any:
    where = reverse("api:dataset", args=[token])
    return client.patch(where, json.dumps(fields), content_type="application/json")


def test_what_is_open_about_folders_is_answered(client: Client) -> None:
    answer = check(client, two_levels())
    assert (answer.status_code, answer.json()["code"]) == (422, "needs_choice")
    question = answer.json()["questions"][0]
    assert (question["field"], question["choices"]) == ("labels_from", ["folders", "subfolders"])
    assert change(client, answer.json()["token"], labels_from="folders").status_code == 200
    assert counts(Dataset.objects.get()) == {"harbour": 8, "meadow": 8}


def test_a_table_and_a_column_are_chosen_at_once(client: Client) -> None:
    answer = check(client, with_table(), labels_from="table list.csv", label_column="age")
    assert answer.status_code == 201
    assert counts(Dataset.objects.get()) == {"new": 8, "old": 8}
    assert answer.json()["findings"]["offered"]["label_column"] == ["label", "age"]


def test_a_column_alone_says_that_the_table_is_meant(client: Client) -> None:
    assert check(client, with_table(), label_column="label").status_code == 201
    assert counts(Dataset.objects.get()) == {"cup": 8, "jug": 8}


def test_a_column_that_is_not_there_is_refused_with_those_that_are(client: Client) -> None:
    answer = check(client, with_table(), label_column="colour")
    assert (answer.status_code, answer.json()["code"]) == (422, "column_unknown")
    assert "file, label, age" in answer.json()["errors"]["label_column"][0]


def test_classes_and_single_pictures_are_edited(client: Client) -> None:
    edits = {
        "classes": json.dumps({"fir": "elm"}),
        "pictures": json.dumps({"oak/0.png": "", "oak/1.png": "elm"}),
    }
    assert check(client, folders("oak", "elm", "fir"), **edits).status_code == 201
    dataset = with_a_known_token(Dataset.objects.get())
    assert counts(dataset) == {"elm": 9, "oak": 2}
    assert change(client, dataset.token, pictures=None, classes=None).status_code == 200
    dataset.refresh_from_db()
    assert counts(dataset) == {"elm": 4, "fir": 4, "oak": 4}


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels_from": "the moon"},
        {"splits": "shuffle"},
        {"companions": "hide"},
        {"pictures": '["oak/0.png"]'},
        {"pictures": json.dumps({"x" * 2_000: ""})},
        {"classes": "{"},
    ],
)
def test_choices_that_are_none_are_refused_by_name(client: Client, wrong: dict[str, str]) -> None:
    answer = check(client, folders("oak", "elm"), **wrong)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(wrong)
    assert not Dataset.objects.exists()


def test_a_zip_with_several_labels_is_kept_to_choose_another_column(client: Client) -> None:
    lines = [f"{at}.png,{('red|big', 'red', 'big')[at % 3]},{('cup', 'jug')[at % 2]}" for at in range(12)]
    files = {f"{at}.png": data for at, data in enumerate(drawn(12))}
    answer = check(client, files | {"list.csv": "\n".join(["file,tags,what", *lines]).encode()})
    assert answer.json()["code"] == "several_labels"
    token = answer.json()["token"]
    page = client.get(reverse("dataset", args=[token])).content.decode()
    assert '<option value="what"' in page
    assert change(client, token, label_column="what").status_code == 200
    assert counts(Dataset.objects.get()) == {"cup": 6, "jug": 6}


@pytest.mark.django_db(transaction=True)
def test_the_command_line_has_the_same_choices(tmp_path: Path) -> None:
    path = tmp_path / "things.zip"
    path.write_bytes(zip_of(two_levels()))
    with pytest.raises(CommandError, match="--labels-from: folders, subfolders"):
        call_command("train", str(path))
    assert not Job.objects.exists()
    call_command(
        "train",
        str(path),
        "--labels-from",
        "folders",
        "--pictures",
        '{"harbour/bench/0.png": ""}',
        "--no-wait",
    )
    dataset = Job.objects.get().dataset
    assert dataset is not None
    assert counts(dataset) == {"harbour": 7, "meadow": 8}
