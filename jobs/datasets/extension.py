"""Adds new data to an earlier dataset: a dataset of its own, checked like any upload; what is in both counts once."""

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from jobs.datasets import dataset_store
from jobs.datasets.intake import temporary_folder
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset
from training.kinds.task import Task


def extended(*, base: Dataset, more: Dataset) -> Dataset:
    """A new dataset of `base` and `more`, the order kept; both stay. SubmissionInvalid when they do not mix.

    Raises as an upload does where the whole is too large or makes no sense.
    """
    if base.task_type != more.task_type:
        message = "Pictures and sentences do not mix."
        raise SubmissionInvalid(
            "The two datasets are of different kinds.", fields={"extend_dataset": [message]}
        )
    with temporary_folder() as folder:
        parts = []
        for number, dataset in enumerate((base, more)):
            part = folder / str(number)
            part.mkdir()
            dataset_store.materialise(dataset=dataset, run_dir=part)
            parts.append(part / "data")
        if more.task_type == Task.IMAGE:
            path, name = _merge_pictures(parts, folder / "merged.zip"), f"{_stem(base)} and more.zip"
        else:
            path, name = _merge_tables(parts, folder / "merged.csv"), f"{_stem(base)} and more.csv"
        return dataset_store.store_file(
            task_type=Task(more.task_type), path=path, name=name, sha256="", options={}
        )


def _stem(dataset: Dataset) -> str:
    return dataset.name.rsplit(".", 1)[0].removesuffix(" and more")[:200]


def _merge_pictures(parts: list[Path], target: Path) -> Path:
    seen: set[bytes] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, (path, label) in enumerate(_pictures(parts)):
            content = path.read_bytes()
            digest = hashlib.sha256(content + label.encode()).digest()
            if digest not in seen:
                seen.add(digest)
                archive.writestr(f"{label}/{number:06}{path.suffix}", content)
    return target


def _pictures(parts: list[Path]) -> Iterator[tuple[Path, str]]:
    for part in parts:
        with (part / "manifest.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield part / row["file"], row["label"]


def _merge_tables(parts: list[Path], target: Path) -> Path:
    seen: set[tuple[str, str]] = set()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("input", "label"))
        for part in parts:
            rows = list(_rows(part / "data.csv"))
            writer.writerows(row for row in rows if row not in seen)
            seen.update(rows)
    return target


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["input"], row["label"]
