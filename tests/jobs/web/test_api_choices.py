"""What is open about an upload over the API: asked, answered, accepted, and never learnt before."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, Job
from tests.jobs.uploads.builders import two_classes, zip_bytes
from tests.published import opens
from tests.tasks import Task

pytestmark = pytest.mark.django_db

OPEN = "Told us,Branch,Matter\n" + "".join(
    f"My matter number {i} is what I write about,{('north', 'south')[i // 3 % 2]},"
    f"{('parcel', 'refund', 'praise')[i % 3]}\n"
    for i in range(30)
)
SEVERAL = "text,tags\n" + "".join(
    f"Something of number {i},{('red; blue', 'red', 'blue; red', 'blue')[i % 4]}\n" for i in range(32)
)

EACH_ITS_OWN = "text,tag,kind\n" + "".join(
    f"Something of number {i},tag {i},{'ab'[i % 2]}\n" for i in range(8)
)


def check(client: Client, data: str, **fields: Any) -> Any:
    upload = SimpleUploadedFile("table.csv", data.encode())
    return client.post(reverse("api:datasets"), {"dataset": upload, "task_type": Task.TEXT.value, **fields})


def change(client: Client, token: str, **fields: Any) -> Any:
    return client.patch(
        reverse("api:dataset", args=[token]), json.dumps(fields), content_type="application/json"
    )


def labels(answer: Any) -> list[str]:
    return [entry["label"] for entry in answer.json()["classes"]]


def test_what_is_open_is_asked_with_its_choices(client: Client) -> None:
    answer = check(client, OPEN)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "needs_choice")
    (question,) = problem["questions"]
    assert question["field"] == "label_column"
    assert {"Branch", "Matter"} <= set(question["choices"])
    assert opens(problem["token"], Dataset.objects.get())


def test_an_answer_reads_the_stored_file_again(client: Client) -> None:
    token = check(client, OPEN).json()["token"]
    answer = change(client, token, label_column="Matter")
    assert answer.status_code == 200
    assert labels(answer) == ["parcel", "praise", "refund"]
    assert answer.json()["findings"]["questions"] == []
    assert client.get(reverse("api:dataset", args=[token])).json()["token"] == token


def test_a_guess_can_be_accepted_at_once_or_later(client: Client) -> None:
    assert check(client, OPEN, accept_guesses="true").status_code == 201
    token = check(client, OPEN).json()["token"]
    answer = change(client, token, accept_guesses=True)
    assert answer.status_code == 200
    assert answer.json()["findings"]["accepted"][0]["field"] == "label_column"


def test_a_refused_answer_leaves_the_dataset_as_it_was(client: Client) -> None:
    token = check(client, OPEN).json()["token"]
    before = Dataset.objects.get().findings
    answer = change(client, token, label_column="No such column")
    assert (answer.status_code, answer.json()["code"]) == (422, "column_unknown")
    assert Dataset.objects.get().findings == before
    assert change(client, token, label_column="Branch").status_code == 200


def test_an_option_is_taken_back_by_null(client: Client) -> None:
    token = check(client, OPEN, label_column="Matter", classes='{"praise": ""}').json()["token"]
    assert [entry["label"] for entry in Dataset.objects.get().classes] == ["parcel", "refund"]
    assert labels(change(client, token, classes=None)) == ["parcel", "praise", "refund"]
    assert Dataset.objects.get().options == {"label_column": "Matter"}


def test_unknown_fields_of_an_answer_are_refused(client: Client) -> None:
    token = check(client, OPEN, accept_guesses="true").json()["token"]
    assert change(client, token, colour="red").status_code == 400


def submit(client: Client, **fields: Any) -> Any:
    return client.post(
        reverse("api:jobs"), json.dumps({"task_name": "mine", **fields}), content_type="application/json"
    )


def test_no_job_begins_while_something_is_open(client: Client) -> None:
    token = check(client, OPEN).json()["token"]
    answer = submit(client, dataset_token=token)
    assert (answer.status_code, answer.json()["code"]) == (422, "needs_choice")
    assert answer.json()["token"] == token
    assert not Job.objects.exists()
    assert submit(client, dataset_token=token, accept_guesses=True).status_code == 201


def test_a_job_with_a_file_is_asked_about_and_the_file_stays(client: Client) -> None:
    upload = SimpleUploadedFile("table.csv", OPEN.encode())
    fields = {"dataset": upload, "task_type": Task.TEXT.value, "task_name": "mine"}
    problem = client.post(reverse("api:jobs"), fields).json()
    assert problem["code"] == "needs_choice"
    assert change(client, problem["token"], label_column="Matter").status_code == 200
    assert submit(client, dataset_token=problem["token"]).status_code == 201


def test_a_job_with_a_file_can_be_told_how_to_read_it(client: Client) -> None:
    upload = SimpleUploadedFile("table.csv", OPEN.encode())
    fields = {
        "dataset": upload,
        "task_type": Task.TEXT.value,
        "task_name": "mine",
        "label_column": "Matter",
        "input_columns": ["Told us", "Branch"],
        "classes": json.dumps({"praise": "", "refund": "money"}),
    }
    assert client.post(reverse("api:jobs"), fields).status_code == 201
    dataset = Job.objects.get().dataset
    assert dataset is not None
    assert dataset.findings["input_columns"] == ["Told us", "Branch"]
    assert [entry["label"] for entry in dataset.classes] == ["money", "parcel"]


def test_several_labels_are_each_learnt_or_what_else_is_chosen(client: Client) -> None:
    answer = check(client, SEVERAL)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["findings"]["target"], labels(answer)) == ("many_labels", ["blue", "red"])
    assert check(client, SEVERAL, several_labels="keep_single").json()["sample_count"] == 16
    assert len(labels(check(client, SEVERAL, several_labels="as_is"))) == 4
    assert check(client, SEVERAL, several_labels="perhaps").status_code == 400


def test_a_dataset_of_the_version_before_has_nothing_open(client: Client) -> None:
    token = check(client, OPEN, accept_guesses="true").json()["token"]
    Dataset.objects.update(findings={"repairs": [], "skipped": [], "warnings": []})
    assert submit(client, dataset_token=token).status_code == 201


def test_a_file_whose_columns_were_refused_is_kept_to_choose_others(client: Client) -> None:
    problem = check(client, EACH_ITS_OWN).json()
    assert problem["code"] == "label_per_row"
    token = problem["token"]
    told = client.get(reverse("api:dataset", args=[token])).json()
    assert (told["sample_count"], told["findings"]["refusal"]["code"]) == (0, "label_per_row")
    answer = submit(client, dataset_token=token, accept_guesses=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "label_per_row")
    assert change(client, token, accept_guesses=True).json()["code"] == "label_per_row"
    assert change(client, token, label_column="kind").status_code == 200
    assert submit(client, dataset_token=token).status_code == 201


def test_a_file_that_is_no_table_is_not_kept(client: Client) -> None:
    answer = check(client, "<!doctype html>\n<p>some words</p>\n")
    assert answer.status_code == 415
    assert "token" not in answer.json()
    assert not Dataset.objects.exists()


def test_options_of_pictures_are_fields_too(client: Client) -> None:
    zipped = SimpleUploadedFile("colours.zip", zip_bytes(two_classes()))
    fields = {"dataset": zipped, "task_type": Task.IMAGE.value, "splits": "merge", "join_case": "true"}
    answer = client.post(reverse("api:datasets"), fields)
    assert answer.status_code == 201
    assert Dataset.objects.get().options == {"splits": "merge", "join_case": True}
    assert change(client, answer.json()["token"], labels_from="nowhere").status_code == 400
