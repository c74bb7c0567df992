"""Versions of datasets: made, changed, restored, and the same training set each time."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from jobs.datasets import dataset_store
from jobs.datasets.versions import manifests, recording, training_sets
from jobs.errors import NotPossibleNow, SubmissionInvalid
from jobs.models import DatasetVersion, VersionedDataset
from tests.jobs.datasets.versions.days import (
    FIRST,
    begun,
    cells,
    extended,
    hashes,
    numbers,
    rows_of,
    table,
    upload,
)
from tests.jobs.uploads.builders import two_classes, zip_bytes
from tests.tasks import Task

pytestmark = pytest.mark.django_db
Kind = DatasetVersion.Kind


def test_a_first_version_has_the_samples_of_the_upload(tmp_path: Path) -> None:
    _, version = begun()
    assert (version.number, version.kind, version.author, version.reason) == (1, Kind.UPLOAD, "me", "first")
    assert version.classes == [{"label": "bad", "count": 2}, {"label": "good", "count": 2}]
    assert (version.added, version.removed, version.relabelled, version.sample_count) == (4, 0, 0, 4)
    assert rows_of(version, tmp_path) == list(FIRST)


@pytest.mark.parametrize(
    ("name", "content", "task"),
    [
        ("days.csv", table(*FIRST), Task.TEXT),
        ("parts.csv", b"text,label,split\nq,a,train\nw,a,train\ne,b,train\nr,b,test\nt,a,test\n", Task.TEXT),
        ("many.csv", b'text,label\nq,"a,b"\nw,"a,b,c"\ne,"b,c"\nr,a\nt,c\nz,"a,c"\n', Task.TEXT),
        ("pictures.zip", zip_bytes(two_classes()), Task.IMAGE),
    ],
)
def test_a_version_unpacks_to_the_bytes_of_the_upload(
    tmp_path: Path, name: str, content: bytes, task: Task
) -> None:
    dataset = upload(name, content, task.value)
    dataset.accept_guesses()
    version = recording.begin(dataset=dataset)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    dataset_store.materialise(dataset=dataset, run_dir=tmp_path / "one")
    training_sets.materialise(version=version, run_dir=tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    assert len(hashes(tmp_path / "two")) >= 1


def test_data_that_is_added_corrects_what_is_known(tmp_path: Path) -> None:
    dataset, _ = begun()
    version = extended(dataset)
    assert (version.number, version.added, version.removed, version.relabelled) == (2, 2, 0, 1)
    assert version.by_class == {"bad": [1, 1], "good": [2, 0]}
    assert rows_of(version, tmp_path) == [
        ("good day", "good"),
        ("fine day", "good"),
        ("bad day", "good"),
        ("sad day", "bad"),
        ("great day", "good"),
        ("awful day", "bad"),
    ]
    again = extended(dataset)
    assert again == version, "nothing is new"


def test_a_restored_version_has_the_bytes_of_the_earlier_one(tmp_path: Path) -> None:
    dataset, first = begun()
    before = rows_of(first, tmp_path)
    extended(dataset)
    gone, moved = numbers(dataset, "good day", "bad day")
    third = recording.change_labels(
        dataset=dataset,
        labels={gone: None, moved: "bad"},
        kind=Kind.CORRECTION,
        told=recording.Told(reason="typo"),
    )
    assert (third.added, third.removed, third.relabelled) == (0, 1, 1)
    fourth = recording.restore(dataset=dataset, version=first)
    assert (fourth.number, fourth.restored, fourth.sample_count) == (4, 1, 4)
    assert fourth.classes == first.classes
    assert rows_of(fourth, tmp_path) == before == rows_of(first, tmp_path)
    with pytest.raises(SubmissionInvalid, match="same samples"):
        recording.restore(dataset=dataset, version=first)
    fifth = recording.restore(dataset=dataset, version=third)
    assert rows_of(fifth, tmp_path) == rows_of(third, tmp_path)


def test_long_lines_of_versions_are_read_from_the_labels_that_are_stored(tmp_path: Path) -> None:
    dataset, _ = begun()
    (number,) = numbers(dataset, "good day")
    for turn in range(2 * manifests.STATE_EVERY):
        label = "bad" if turn % 2 == 0 else "good"
        recording.change_labels(dataset=dataset, labels={number: label}, kind=Kind.RELABELLING)
    stored = dataset.versions.exclude(state_key="").values_list("number", flat=True)
    assert sorted(stored) == [1, 1 + manifests.STATE_EVERY, 1 + 2 * manifests.STATE_EVERY]
    for version in dataset.versions.all():
        expected = "bad" if version.number % 2 == 0 else "good"
        manifest = manifests.manifest(dataset, version)
        assert manifest.words[manifest.labels[number]] == expected
        assert version.classes == manifest.classes()


def test_of_two_changes_at_once_one_is_told_to_look_again() -> None:
    dataset, _ = begun()
    other = VersionedDataset.objects.get(pk=dataset.pk)
    one, two = numbers(dataset, "good day", "bad day")
    recording.change_labels(dataset=other, labels={one: None}, kind=Kind.REMOVAL)
    stored = set(default_storage.listdir(f"versions/{dataset.pk}")[1])
    with pytest.raises(NotPossibleNow, match="came first"):
        recording.change_labels(dataset=dataset, labels={two: None}, kind=Kind.REMOVAL)
    assert dataset.versions.count() == 2
    assert set(default_storage.listdir(f"versions/{dataset.pk}")[1]) == stored, "no file is left behind"


def test_nothing_is_left_out_until_nothing_is_left() -> None:
    dataset, _ = begun()
    everything: dict[int, Any] = dict.fromkeys(range(4))
    with pytest.raises(SubmissionInvalid, match="Nothing would be left"):
        recording.change_labels(dataset=dataset, labels=everything, kind=Kind.REMOVAL)


def test_a_version_is_checked_out_as_an_upload(tmp_path: Path) -> None:
    dataset, _ = begun()
    version = extended(dataset)
    made = training_sets.checked_out_version(version=version, token=dataset.token)
    assert (made.version, made.versions_token, made.sample_count) == (version, dataset.token, 6)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    dataset_store.materialise(dataset=made, run_dir=tmp_path / "one")
    training_sets.materialise(version=version, run_dir=tmp_path / "two")
    assert cells(tmp_path / "one") == cells(tmp_path / "two")
