"""The API of versions."""

import io
from typing import Any

import pytest
from django.test import Client
from pyarrow import parquet

from jobs.models import Dataset, DatasetVersion, VersionedDataset
from modelstore import api_keys
from tests.jobs.datasets.versions.days import FIRST, MORE, begun, extended, id_of, table, upload
from tests.jobs.uploads.builders import two_classes, zip_bytes
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def at(dataset: VersionedDataset, rest: str = "") -> str:
    return f"/api/v1/versions/{dataset.token}/{rest}"


def changed(client: Client, dataset: VersionedDataset, status: int = 201, **fields: Any) -> Any:
    answer = client.post(at(dataset), fields, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_versions_of_an_upload_are_kept_from_the_first_call_on(client: Client) -> None:
    dataset = upload("days.csv", table(*FIRST))
    _, secret = api_keys.create(name="import", scopes=["submit"])
    address = f"/api/v1/datasets/{dataset.token}/versions/"
    answer = client.post(
        address,
        {"reason": "a start"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["head"], told["version"]["author"], told["version"]["reason"]) == (1, "import", "a start")
    assert client.post(address).json()["token"] == told["token"], "asked again, it is the same"
    rows = client.get(told["url"]).json()["results"]
    assert [row["number"] for row in rows] == [1]
    assert rows[0]["classes"] == [{"label": "bad", "count": 2}, {"label": "good", "count": 2}]


def test_labels_are_corrected_compared_and_restored(client: Client) -> None:
    dataset, _ = begun()
    told = changed(
        client,
        dataset,
        relabel={id_of("bad day").hex(): " good "},
        leave_out=[id_of("sad day").hex()],
        reason="looked",
    )["version"]
    assert (told["number"], told["kind"], told["reason"]) == (2, "correction", "looked")
    assert (told["added"], told["removed"], told["relabelled"]) == (0, 1, 1)
    found = client.get(at(dataset, "1/diff/?to=2")).json()
    assert (found["earlier"], found["later"], found["removed"], found["relabelled"]) == (1, 2, 1, 1)
    assert {row["text"]: (row["before"], row["after"]) for row in found["shown"]} == {
        "bad day": ("bad", "good"),
        "sad day": ("bad", None),
    }
    back = changed(client, dataset, restore=1)["version"]
    assert (back["number"], back["kind"], back["restored"], back["sample_count"]) == (3, "restore", 1, 4)
    assert client.get(at(dataset, "1/diff/")).json()["shown"] == []


def test_data_is_added_without_training(client: Client) -> None:
    dataset, _ = begun()
    more = upload("more.csv", table(*MORE))
    address, times = at(dataset, "data/"), {id_of("great day").hex(): "2020-01-01T00:00:00Z"}
    answer = client.post(
        address, {"dataset_token": more.token, "times": times}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["version"]["added"]) == (201, 2)
    found = client.get(at(dataset, "2/samples/?as_of=2020-06-01T00:00:00Z")).json()["samples"]
    assert [(row["id"], row["label"]) for row in found] == [(id_of("great day").hex(), "good")]
    pictures = upload("pictures.zip", zip_bytes(two_classes()), Task.IMAGE.value)
    answer = client.post(address, {"dataset_token": pictures.token}, content_type="application/json")
    assert (answer.status_code, "different kinds" in answer.json()["detail"]) == (400, True)


def test_a_version_is_named_and_pinned(client: Client) -> None:
    dataset, _ = begun()
    extended(dataset)

    def say(number: str, status: int = 200, **fields: Any) -> Any:
        answer = client.patch(at(dataset, f"{number}/"), fields, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    assert say("1", name="before the storm", pinned=True)["version"]["pinned"] is True
    assert client.get(at(dataset, "before the storm/")).json()["version"]["number"] == 1
    assert "name already" in say("2", 400, name="before the storm")["detail"]
    assert "neither a number" in say("2", 400, name="17")["detail"]
    assert say("1", name="")["version"]["name"] == ""
    assert DatasetVersion.objects.get(number=1).pinned


def test_samples_are_listed_as_of_a_time(client: Client) -> None:
    dataset, _ = begun()
    extended(dataset)
    found = client.get(at(dataset, "head/samples/?start=1&count=2")).json()
    assert found["total"] == 6
    assert [(row["id"], row["label"]) for row in found["samples"]] == [
        (id_of("fine day").hex(), "good"),
        (id_of("bad day").hex(), "good"),
    ]
    assert client.get(at(dataset, "2/samples/?as_of=2020-01-01T00:00:00Z")).json()["total"] == 0
    answer = client.get(at(dataset, "head/samples/?as_of=2020-01-01T00:00:00Z"))
    assert (answer.status_code, answer.json()["code"]) == (404, "version_not_found")
    for wrong in ("as_of=yesterday", "as_of=2026-13-01T00:00:00", "start=x", "count=0", "count=1001"):
        answer = client.get(at(dataset, f"1/samples/?{wrong}"))
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong.split("=")[0]]), wrong


def test_downloads_are_read_by_flash_and_by_other_tools(client: Client) -> None:
    dataset, _ = begun()
    extended(dataset)
    answer = client.get(at(dataset, "1/download/"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="days version 1.csv"'
    again = upload("again.csv", b"".join(answer.streaming_content))
    assert (again.sample_count, [entry["label"] for entry in again.classes]) == (4, ["bad", "good"])
    answer = client.get(at(dataset, "2/download/?format=parquet"))
    rows = parquet.read_table(io.BytesIO(b"".join(answer.streaming_content))).to_pylist()
    assert [(row["text"], row["label"]) for row in rows] == [
        (text, dict(FIRST + MORE)[text]) for text in dict(FIRST + MORE)
    ]
    assert rows[0]["id"] == id_of("good day").hex()
    assert client.get(at(dataset, "1/download/?format=zip")).json()["code"] == "format_unknown"


def test_a_version_is_trained_on(client: Client) -> None:
    dataset, first = begun()
    extended(dataset)
    answer = client.post(at(dataset, "1/dataset/"))
    assert (answer.status_code, answer.json()["sample_count"]) == (201, 4)
    made = Dataset.objects.order_by("-pk").first()
    assert made is not None
    assert made.version == first


def test_a_deleted_sample_is_answered_with_its_learners(client: Client) -> None:
    dataset, _ = begun()
    answer = client.delete(at(dataset, f"samples/{id_of('sad day').hex()}/"))
    assert (answer.status_code, answer.json()) == (200, {"learnt_by": []})
    assert client.get(at(dataset, "1/samples/")).json()["total"] == 3
    again = client.delete(at(dataset, f"samples/{id_of('sad day').hex()}/"))
    assert (again.status_code, again.json()["code"]) == (404, "version_not_found")


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({}, "relabel", "at least one sample"),
        ({"relabel": {"xyz": "good"}}, "relabel", "no id of a sample"),
        ({"relabel": {"00": "good"}}, "relabel", "64 characters"),
        ({"relabel": {"00" * 32: "good"}}, "relabel", "has no sample with the id"),
        ({"relabel": {id_of("bad day").hex(): 7}}, "relabel", "as text"),
        ({"relabel": {id_of("bad day").hex(): " "}}, "relabel", "visible character"),
        ({"relabel": {id_of("bad day").hex(): "x" * 500}}, "relabel", "characters long"),
        ({"leave_out": [id_of("bad day").hex()], "restore": 1}, "restore", "alone"),
        (
            {"relabel": {id_of("bad day").hex(): "a"}, "leave_out": [id_of("bad day").hex()]},
            "leave_out",
            "at once",
        ),
        ({"labels": {}}, "labels", "There is no such field."),
    ],
)
def test_what_makes_no_sense_is_told(client: Client, fields: dict[str, Any], field: str, says: str) -> None:
    dataset, _ = begun()
    told = changed(client, dataset, 400, **fields)
    assert list(told["errors"]) == [field]
    assert says in told["detail"] + str(told["errors"])
    assert dataset.versions.count() == 1


@pytest.mark.parametrize("rest", ["", "1/", "1/diff/", "1/samples/", "1/download/"])
def test_another_token_opens_nothing(client: Client, rest: str) -> None:
    begun()
    answer = client.get(f"/api/v1/versions/{'x' * 22}/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "version_not_found")
    dataset, _ = begun()
    assert client.get(at(dataset, "9/diff/")).status_code == 404
