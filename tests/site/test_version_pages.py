"""Pages of versions: kept from an upload on, changed, compared, restored, downloaded, trained on."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, DatasetVersion, Job, VersionedDataset
from jobs.states import JobStatus
from modelstore.models import TrainedModel
from tests.jobs.datasets.versions.days import FIRST, begun, extended, id_of, table, upload
from tests.jobs.uploads.builders import two_classes, zip_bytes
from tests.site.test_pages import read
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def page_of(client: Client, name: str, *args: object, **asked: object) -> Any:
    return read(client.get(reverse(name, args=args), asked))


def changed(client: Client, dataset: VersionedDataset, **fields: object) -> Any:
    answer = client.post(reverse("versions-change", args=[dataset.token]), fields, follow=True)
    return read(answer)


def test_versions_of_an_upload_are_kept_by_one_button(client: Client) -> None:
    dataset = upload("days.csv", table(*FIRST))
    address = reverse("keep-versions", args=[dataset.token])
    assert address in client.get(reverse("dataset", args=[dataset.token])).content.decode()
    page = read(client.post(address, follow=True))
    assert "Version 1" in page.text
    assert "4 sentences in 2 classes" in page.text
    row = VersionedDataset.objects.get()
    assert [link["href"] for link in page.all("a") if link["href"].startswith("/versions/")]
    assert "Version 1 of data" in page_of(client, "dataset", dataset.token).text
    assert row.head == 1


def test_samples_are_relabelled_left_out_and_brought_back(client: Client) -> None:
    dataset, _ = begun()
    page = changed(
        client,
        dataset,
        sample=id_of("bad day").hex(),
        label="good",
        do="relabel",
        reason="looked",
        at_label="bad",
    )
    assert "This is version 2 now." in page.text
    assert "bad → good" in page.text
    page = changed(client, dataset, sample=[id_of("sad day").hex()], do="leave_out")
    assert "left out: bad" in page.text
    page = page_of(client, "version", dataset.token, 3, against=1)
    assert "bad → good" in page.text
    assert "left out: bad" in page.text
    page = read(client.post(reverse("version-restore", args=[dataset.token, 1]), follow=True))
    assert "Version 1 is back, as version 4." in page.text
    page = read(client.post(reverse("version-restore", args=[dataset.token, 1]), follow=True))
    assert "has the same samples and labels already" in page.text
    assert dataset.versions.count() == 4


def test_only_the_newest_version_can_be_changed(client: Client) -> None:
    dataset, _ = begun()
    extended(dataset)
    assert not page_of(client, "version", dataset.token, 1).all("input", name="sample")
    assert len(page_of(client, "version", dataset.token, 2).all("input", name="sample")) == 6
    page = page_of(client, "version", dataset.token, 2, label="bad")
    assert len(page.all("input", name="sample")) == 2


def test_nothing_ticked_is_told(client: Client) -> None:
    dataset, _ = begun()
    assert "Name at least one sample" in changed(client, dataset, label="good", do="relabel").text
    assert dataset.versions.count() == 1


def test_a_sample_is_deleted_and_its_models_are_named(client: Client, make_model: Any, make_job: Any) -> None:
    dataset, first = begun()
    job = make_job(version=first, status=JobStatus.DEPLOYED, progress=1)
    model = make_model(job=job)
    page = changed(client, dataset, sample=id_of("sad day").hex(), do="delete")
    assert f"{model.task_name} (version 1)" in page.text or f"{job.task_name} (version 1)" in page.text
    assert "sad day" not in page_of(client, "version", dataset.token, 1).text


def test_a_version_is_named_pinned_downloaded_and_trained_on(client: Client) -> None:
    dataset, _ = begun()
    address = reverse("version-describe", args=[dataset.token, 1])
    page = read(client.post(address, {"name": "before the storm", "pinned": "on"}, follow=True))
    assert "Version 1: before the storm" in page.text
    assert DatasetVersion.objects.get().pinned
    for format, suffix in (("file", "csv"), ("parquet", "parquet")):
        answer = client.get(reverse("version-file", args=[dataset.token, 1, format]))
        assert f'filename="days version 1.{suffix}"' in answer.headers["Content-Disposition"]
        assert b"".join(answer.streaming_content)
    answer = client.post(reverse("version-train", args=[dataset.token, "1"]), follow=True)
    assert "Version 1 of data" in read(answer).text
    assert Dataset.objects.count() == 2


def test_pictures_are_shown_small(client: Client) -> None:
    dataset = upload("pictures.zip", zip_bytes(two_classes()), Task.IMAGE.value)
    page = read(client.post(reverse("keep-versions", args=[dataset.token]), follow=True))
    dataset.refresh_from_db()
    page = page_of(client, "version", dataset.versions_token, 1)
    pictures = [image for image in page.all("img") if image["src"].startswith("data:image/jpeg")]
    assert len(pictures) == dataset.sample_count


def test_the_pages_of_a_job_and_its_model_name_the_version(client: Client, make_model: Any) -> None:
    dataset = upload("days.csv", table(*FIRST))
    answer = client.post(
        reverse("dataset", args=[dataset.token]),
        {"task_name": "days", "preset": "quick", "keep_dataset": "on"},
    )
    job = Job.objects.get()
    token = answer.headers["Location"].rstrip("/").split("/")[-1]
    assert "it learns from version 1" in read(client.get(answer.headers["Location"])).text
    told = client.get(f"/api/v1/jobs/{token}/").json()
    assert told["version"] == 1
    versions = told["versions_token"]
    job.token = token
    model: TrainedModel = make_model(job=job)
    page = page_of(client, "model", model.token)
    assert "It learnt from version 1 of days.csv." in page.text
    told = client.get(f"/api/v1/models/{model.token}/data-version/").json()
    assert (told["token"], told["version"]["number"]) == (versions, 1)


def test_a_model_without_versions_says_nothing_of_them(client: Client, make_model: Any) -> None:
    model = make_model()
    assert "learnt from version" not in page_of(client, "model", model.token).text
    assert client.get(f"/api/v1/models/{model.token}/data-version/").json()["code"] == "version_not_found"


@pytest.mark.parametrize("name", ["versions", "version", "version-file"])
def test_a_stranger_sees_nothing(client: Client, name: str) -> None:
    begun()
    rest = {"versions": [], "version": ["1"], "version-file": ["1", "file"]}[name]
    assert client.get(reverse(name, args=["x" * 22, *rest])).status_code == 404
