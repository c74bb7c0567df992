"""Jobs and versions: who keeps data has versions, and a job names the one that it learns from."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from jobs.datasets import dataset_store
from jobs.datasets.dataset_store import discarded_unless_used
from jobs.datasets.versions import training_sets
from jobs.models import Dataset, DatasetVersion, Job, PlatformStatus, VersionedDataset
from jobs.queue import cancellation
from jobs.submitting import submission
from jobs.submitting.lineage import Lineage
from jobs.worker import runner
from modelstore.ground.errors import FlashError
from tests.jobs.datasets.versions.days import FIRST, MORE, begun, cells, extended, table, upload

pytestmark = pytest.mark.django_db
Submit = Callable[..., Job]


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
