"""How long versions stay, and samples that are deleted for good."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.datasets.versions import differences, erasing, manifests, recording, retention
from jobs.datasets.versions.version_files import VersionDamaged
from jobs.errors import NotPossibleNow
from jobs.models import Dataset, DatasetVersion, ErasedSample, Job, VersionedDataset
from jobs.states import JobStatus
from jobs.submitting import submission
from jobs.upkeep import storage_sweep
from jobs.upkeep.storage_sweep import GRACE
from jobs.upkeep.sweep import sweep
from jobs.uploads import UploadRefused
from modelstore.models import TrainedModel
from tests.bundles import text_bundle
from tests.jobs.datasets.versions.days import FIRST, begun, extended, numbers, rows_of, table, upload
from tests.published import create_model

pytestmark = pytest.mark.django_db(transaction=True)
Kind = DatasetVersion.Kind


def stored(dataset: VersionedDataset) -> set[str]:
    return {f"versions/{dataset.pk}/{name}" for name in default_storage.listdir(f"versions/{dataset.pk}")[1]}


def content(dataset: VersionedDataset) -> bytes:
    found = []
    for key in stored(dataset):
        with default_storage.open(key) as file:
            found.append(file.read())
    return b"".join(found)


def later() -> None:
    sweep(now=timezone.now() + settings.FLASH_DATASET_RETENTION + timedelta(minutes=1), thorough=False)


@pytest.fixture
def model(tmp_path: Path) -> TrainedModel:
    return create_model(
        token="t" * 22,
        prefix="jobs/5/1",
        folder=text_bundle(tmp_path / "bundle"),
        task_name="five",
        downloadable=True,
    )


def learnt(version: DatasetVersion, model: TrainedModel, make_job: Callable[..., Job]) -> Job:
    return make_job(
        dataset=None, version=version, model=model, status=JobStatus.DEPLOYED, token="t" * 22, progress=1
    )


def test_nothing_needs_them_and_they_go() -> None:
    dataset, _ = begun()
    extended(dataset)
    sweep(thorough=False)
    assert dataset.versions.count() == 2, "not yet"
    later()
    assert not VersionedDataset.objects.exists()
    assert not default_storage.exists(f"versions/{dataset.pk}") or not stored(dataset)


def test_a_pin_keeps_its_version_and_what_is_in_no_other_goes(tmp_path: Path) -> None:
    dataset, _ = begun()
    second = extended(dataset)
    DatasetVersion.objects.filter(pk=second.pk).update(pinned=True)
    gone = numbers(dataset, "good day")[0]
    recording.change_labels(dataset=dataset, labels={gone: None}, kind=Kind.REMOVAL)
    (back,) = numbers(dataset, "great day")
    recording.change_labels(dataset=dataset, labels={back: "bad"}, kind=Kind.RELABELLING)
    expected = {number: rows_of(dataset.versions.get(number=number), tmp_path) for number in (2, 4)}
    later()
    assert sorted(dataset.versions.values_list("number", flat=True)) == [2, 4]
    for number, rows in expected.items():
        assert rows_of(dataset.versions.get(number=number), tmp_path) == rows
    last = dataset.versions.get(number=4)
    assert (last.added, last.removed, last.relabelled) == (0, 1, 1)
    assert b"good day" in content(dataset), "the pinned version has it"
    # The pin is taken away: what only that version had goes.
    dataset.versions.filter(number=2).update(pinned=False)
    dataset.versions.filter(number=4).update(pinned=True)
    later()
    assert dataset.versions.get().number == 4
    assert rows_of(dataset.versions.get(), tmp_path) == expected[4]
    assert b"good day" not in content(dataset)
    assert storage_sweep.sweep_storage(now=timezone.now() + 2 * GRACE, dry_run=True).files == []


def test_a_model_keeps_the_version_that_it_learnt_from(
    model: TrainedModel, make_job: Callable[..., Job]
) -> None:
    dataset, first = begun()
    extended(dataset)
    extended_again = recording.restore(dataset=dataset, version=first)
    Dataset.objects.all().delete()
    learnt(first, model, make_job)
    later()
    assert set(dataset.versions.values_list("number", flat=True)) == {1, extended_again.number}
    TrainedModel.objects.all().delete()
    later()
    assert not VersionedDataset.objects.exists()


def test_a_sample_that_is_deleted_is_gone_from_all_versions(
    tmp_path: Path, model: TrainedModel, make_job: Callable[..., Job]
) -> None:
    dataset, first = begun()
    second = extended(dataset)
    learnt(first, model, make_job)
    learners = erasing.erase(dataset=dataset, numbers=numbers(dataset, "good day"))
    assert [(learner.number, learner.version) for learner in learners] == [(model.pk, 1)]
    assert b"good day" not in content(dataset)
    assert not dataset.uploads.exists(), "the uploads held it, too"
    for version in dataset.versions.all():
        manifest = manifests.manifest(dataset, version)
        assert version.classes == manifest.classes()
        assert version.sample_count == len(manifest)
    assert [row[0] for row in rows_of(dataset.versions.get(number=2), tmp_path)] == [
        "fine day", "bad day", "sad day", "great day", "awful day",
    ]  # fmt: skip
    assert numbers_of_erased(dataset) == [0]
    restored = recording.restore(dataset=dataset, version=first)
    assert restored.sample_count == 3, "nothing brings it back"
    assert second.number == 2


def numbers_of_erased(dataset: VersionedDataset) -> list[int]:
    return list(ErasedSample.objects.filter(dataset=dataset).values_list("number", flat=True))


def test_nothing_is_deleted_under_a_job() -> None:
    job = submission.submit(
        dataset=upload("days.csv", table(*FIRST)), task_name="days", values={}, keep_dataset=True
    )
    assert job.version is not None
    with pytest.raises(NotPossibleNow, match="learning from this data"):
        erasing.erase(dataset=job.version.dataset, numbers=[0])
    assert not ErasedSample.objects.exists()


def test_a_difference_shows_samples_with_their_labels() -> None:
    dataset, first = begun()
    second = extended(dataset)
    found = differences.compare(dataset=dataset, earlier=first, later=second)
    assert (found.added, found.removed, found.relabelled) == (2, 0, 1)
    assert [(row["text"], row["before"], row["after"]) for row in found.shown] == [
        ("bad day", "bad", "good"),
        ("great day", None, "good"),
        ("awful day", None, "bad"),
    ]
    back = differences.compare(dataset=dataset, earlier=second, later=first)
    assert (back.added, back.removed, back.relabelled) == (0, 2, 1)
    assert back.by_class == {"bad": [1, 1], "good": [0, 2]}


def test_versions_that_a_job_waits_for_stay() -> None:
    job = submission.submit(
        dataset=upload("days.csv", table(*FIRST)), task_name="days", values={}, keep_dataset=True
    )
    assert job.version is not None
    assert not retention.unneeded(timezone.now() + timedelta(days=9), timedelta(0)).exists()
    later()
    assert VersionedDataset.objects.exists()


@pytest.mark.parametrize("suffix", ["facts", "contents", "change", "labels"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_damaged_files_are_told_and_never_learnt_from(tmp_path: Path, suffix: str, damage: str) -> None:
    dataset, _ = begun()
    second = extended(dataset)
    for key in [key for key in stored(dataset) if key.endswith(f".{suffix}")]:
        path = Path(default_storage.path(key))
        content = path.read_bytes()
        if damage == "gone":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(content[: len(content) // 2])
        else:
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    with pytest.raises((VersionDamaged, UploadRefused), match="damaged"):
        rows_of(second, tmp_path)


def test_all_of_a_dataset_is_deleted_at_once() -> None:
    dataset, _ = begun()
    extended(dataset)
    files = stored(dataset)
    erasing.erase_all(dataset=dataset)
    assert not VersionedDataset.objects.exists()
    assert not Dataset.objects.exists()
    assert not any(default_storage.exists(key) for key in files)
