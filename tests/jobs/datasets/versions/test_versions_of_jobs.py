"""Jobs and versions: who keeps data has versions, and a job names the one that it learns from."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from jobs.datasets import dataset_store
from jobs.datasets.dataset_store import discarded_unless_used
from jobs.datasets.versions import erasing, recording, training_sets
from jobs.models import Dataset, DatasetVersion, Job, PlatformStatus, VersionedDataset
from jobs.queue import cancellation
from jobs.submitting import submission
from jobs.submitting.lineage import Lineage
from jobs.worker import runner
from modelstore.ground.errors import FlashError
from tests.jobs.datasets.versions.days import (
    FIRST,
    MORE,
    begun,
    cells,
    extended,
    hashes,
    rows_of,
    table,
    upload,
)

pytestmark = pytest.mark.django_db


def submitted(dataset: Dataset, *, extend: str = "", keep: bool = True) -> Job:
    return submission.submit(
        dataset=dataset,
        task_name="days",
        values={},
        keep_dataset=keep,
        lineage=Lineage(extend_dataset=extend),
    )


def test_whoever_keeps_no_data_has_no_versions() -> None:
    job = submitted(upload("days.csv", table(*FIRST)), keep=False)
    assert job.version is None
    assert job.versions_token == ""
    assert not VersionedDataset.objects.exists()
    assert not default_storage.exists("versions")


def test_a_job_names_the_version_that_it_learns_from(tmp_path: Path) -> None:
    job = submitted(upload("days.csv", table(*FIRST)))
    assert job.version is not None
    assert job.version.number == 1
    assert job.version.dataset.token_digest
    versions = VersionedDataset.objects.get()
    versions.token = job.versions_token
    # Data that is added is a version of the same dataset, whichever of its tokens is given.
    more = submitted(upload("more.csv", table(*MORE)), extend=job.dataset_token)
    again = submitted(
        upload(
            "last.csv",
            table(("nice day", "good"), ("nice night", "good"), ("dull day", "bad"), ("dull night", "bad")),
        ),
        extend=versions.token,
    )
    assert [found.version and found.version.number for found in (more, again)] == [2, 3]
    assert more.versions_token == again.versions_token == versions.token
    assert VersionedDataset.objects.count() == 1
    runner._fetch(again, tmp_path)
    assert len(cells(tmp_path)) == 10


def test_a_job_without_a_place_in_the_queue_leaves_no_versions() -> None:
    platform = PlatformStatus.current()
    platform.dev_mode = True
    platform.save()
    with pytest.raises(FlashError):
        submitted(upload("days.csv", table(*FIRST)))
    assert not VersionedDataset.objects.exists()


def test_a_job_trains_from_its_version_when_its_upload_is_gone(tmp_path: Path) -> None:
    job = submitted(upload("days.csv", table(*FIRST)))
    assert job.dataset is not None
    dataset_store.discard(job.dataset)
    cancellation.cancel(job=job)
    again = Job.objects.get(pk=job.pk)
    cancellation.retry(job=again)
    runner._fetch(Job.objects.get(pk=job.pk), tmp_path)
    assert cells(tmp_path) == list(FIRST)


def test_versions_stay_when_a_copy_of_one_became_no_job() -> None:
    dataset, _ = begun()
    version = extended(dataset)
    with discarded_unless_used(training_sets.checked_out_version(version=version, token=dataset.token)):
        pass
    assert Dataset.objects.count() == 2, "the two uploads"
    assert DatasetVersion.objects.count() == 2, "the versions stay: only the copy went"


def test_a_token_rebuilds_its_training_set_byte_for_byte(tmp_path: Path) -> None:
    dataset = upload("days.csv", table(*FIRST))
    job = submitted(dataset)
    (tmp_path / "run").mkdir()
    runner._fetch(job, tmp_path / "run")
    more = submitted(upload("more.csv", table(*MORE)), extend=job.dataset_token)
    dataset_store.discard(dataset)
    told = []
    for token, rest in (
        (job.token, []),
        (job.versions_token, ["--number", "1"]),
        (more.token, []),
        (more.versions_token, []),
    ):
        folder = tmp_path / f"set {len(told)}"
        output = io.StringIO()
        call_command("training_set", token, *rest, "--output", str(folder), "--json", stdout=output)
        told.append(json.loads(output.getvalue()))
        if len(told) < 3:
            assert hashes(folder / "data") == hashes(tmp_path / "run" / "data")
    assert [one["version"] for one in told] == [1, 1, 2, 2]
    assert told[0]["sha256"] == told[1]["sha256"] != told[2]["sha256"] == told[3]["sha256"]
    with pytest.raises(CommandError, match="is there already"):
        call_command("training_set", job.token, "--output", str(tmp_path / "set 0"))


def test_a_job_without_versions_says_how_to_keep_them(tmp_path: Path) -> None:
    job = submitted(upload("days.csv", table(*FIRST)), keep=False)
    with pytest.raises(CommandError, match="keep_dataset"):
        call_command("training_set", job.token, "--output", str(tmp_path / "set"))


def test_versions_live_in_a_bucket_too(s3: object, tmp_path: Path) -> None:
    dataset, first = begun()
    second = extended(dataset)
    third = recording.restore(dataset=dataset, version=first)
    assert rows_of(third, tmp_path) == list(FIRST)
    assert len(rows_of(second, tmp_path)) == 6
    erasing.erase(dataset=dataset, numbers=[0])
    assert rows_of(second, tmp_path)[0][0] == "fine day"
