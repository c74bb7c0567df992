"""Small tables of sentences, uploaded."""

import csv
import hashlib
from pathlib import Path

from django.core.files.base import ContentFile

from jobs.datasets import dataset_store
from jobs.datasets.versions import recording, training_sets
from jobs.datasets.versions.recording import Told
from jobs.datasets.versions.segment_files import numbers_by_id
from jobs.models import Dataset, DatasetVersion, VersionedDataset
from tests.tasks import Task

FIRST = (("good day", "good"), ("fine day", "good"), ("bad day", "bad"), ("sad day", "bad"))
MORE = (("bad day", "good"), ("sad day", "bad"), ("great day", "good"), ("awful day", "bad"))


def upload(name: str, content: bytes, task: str = Task.TEXT.value) -> Dataset:
    return dataset_store.store_upload(task_type=task, upload=ContentFile(content, name=name))


def table(*rows: tuple[str, str]) -> bytes:
    lines = "".join(f"{text},{label}\n" for text, label in rows)
    return f"text,label\n{lines}".encode()


def begun() -> tuple[VersionedDataset, DatasetVersion]:
    """A dataset with the version of FIRST; its token is known."""
    dataset = upload("days.csv", table(*FIRST))
    version = recording.begin(dataset=dataset, told=Told(author="me", reason="first"))
    version.dataset.token = dataset.versions_token
    return version.dataset, version


def extended(dataset: VersionedDataset) -> DatasetVersion:
    return recording.extend(dataset=dataset, more=upload("more.csv", table(*MORE)))


def id_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def numbers(dataset: VersionedDataset, *texts: str) -> list[int]:
    ids = [id_of(text) for text in texts]
    found = numbers_by_id(dataset, ids)
    return [number for id in ids for number in found[id]]


def rows_of(version: DatasetVersion, folder: Path) -> list[tuple[str, str]]:
    """What a training would read."""
    training_sets.materialise(version=version, run_dir=folder)
    return cells(folder)


def cells(folder: Path) -> list[tuple[str, str]]:
    with (folder / "data" / "data.csv").open(encoding="utf-8", newline="") as file:
        return [(row["input"], row["label"]) for row in csv.DictReader(file)]


def hashes(folder: Path) -> dict[str, str]:
    """Of all files below `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
