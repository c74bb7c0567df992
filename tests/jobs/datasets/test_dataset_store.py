"""Datasets in storage: one that became no job is gone, whatever the reason."""

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from jobs.datasets import dataset_store
from jobs.datasets.dataset_store import discarded_unless_used
from jobs.errors import SubmissionInvalid
from jobs.kinds.pictures.seen import LEFT_OUT, Seen
from jobs.models import Dataset, Job
from jobs.submitting import submission
from jobs.submitting.lineage import Lineage
from tests.jobs.uploads.builders import two_classes, write, zip_bytes
from tests.tasks import Task

Make = Callable[..., Dataset]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [SubmissionInvalid("no", fields={}), KeyError("a mistake of ours")])
def test_what_became_no_job_is_gone(make_dataset: Make, error: Exception) -> None:
    dataset = make_dataset()
    key = str(dataset.file.name)
    with pytest.raises(type(error)), discarded_unless_used(dataset):
        raise error
    assert not Dataset.objects.exists()
    assert not default_storage.exists(key)


@pytest.mark.django_db(transaction=True)
def test_what_a_job_uses_stays(make_dataset: Make) -> None:
    with discarded_unless_used(make_dataset()) as dataset:
        submission.submit(dataset=dataset, task_name="mine", values={})
    assert Dataset.objects.get() == dataset
    assert default_storage.exists(str(dataset.file.name))


@pytest.mark.django_db(transaction=True)
def test_a_repeat_leaves_no_second_dataset(make_dataset: Make) -> None:
    first, again = make_dataset(), make_dataset()
    again.sha256 = first.sha256
    for dataset in (first, again):
        with discarded_unless_used(dataset):
            submission.submit(dataset=dataset, task_name="mine", values={}, idempotency_key="once")
    assert Dataset.objects.get() == first


@pytest.mark.django_db(transaction=True)
def test_new_data_that_was_added_to_earlier_data_stays_only_in_the_whole(make_dataset: Make) -> None:
    base = make_dataset()
    with discarded_unless_used(make_dataset()) as more:
        job = submission.submit(
            dataset=more, task_name="mine", values={}, lineage=Lineage(extend_dataset=base.token)
        )
    assert set(Dataset.objects.all()) == {base, job.dataset}


@pytest.mark.django_db(transaction=True)
def test_a_whole_that_became_no_job_is_gone(make_dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    base, more = make_dataset(), make_dataset()

    def crash() -> None:
        raise RuntimeError

    monkeypatch.setattr(submission, "check_accepting", crash)
    with pytest.raises(RuntimeError):
        submission.submit(
            dataset=more, task_name="mine", values={}, lineage=Lineage(extend_dataset=base.token)
        )
    assert set(Dataset.objects.all()) == {base, more}
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_check_saw_is_for_unpacking_alone(tmp_path: Path) -> None:
    content = zip_bytes(two_classes())
    dataset = dataset_store.store_file(
        task_type=Task.IMAGE.value, path=write(tmp_path, content), name="pets.zip", sha256="", options={}
    )
    assert "seen" not in dataset.findings
    with zipfile.ZipFile(str(dataset.file.path)) as archive:
        pictures = [(info.header_offset, info.CRC) for info in archive.infolist()]
    seen = Seen(pictures, dataset.seen)
    assert seen.unseen == 0
    seen[0] = LEFT_OUT
    dataset.seen = seen.to_text()
    dataset_store.materialise(dataset=dataset, run_dir=tmp_path)
    with (tmp_path / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        assert [row["source"] for row in csv.DictReader(file)] == list(two_classes())[1:]
