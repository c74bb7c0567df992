"""The tables that both sides learn from and are tested on: whole sets, the first rows, or a few of each class."""

import csv
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.training_runs import DATA
from training.evaluation.parts import choose_parts
from training.ground.recipe import resolve
from training.kinds.sentences.alike.likeness import sentence_sources
from training.kinds.sentences.catalog import TASK
from training.kinds.sentences.reading import read_sentences

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tables:
    """Paths of CSV files with the columns input and label.

    Flash gets `train`, of which it keeps `validation` apart and lets the encoder learn from `learn`.
    """

    train: Path
    learn: Path
    validation: Path
    test: Path


def sentences(sets: list[str], count: int) -> list[str]:
    """About `count` sentences, as many from the test part of each set."""
    return [row["input"] for name in sets for row in _rows(name, "test")[: -(-count // len(sets))]][:count]


def first_rows(name: str, folder: Path, most: int | None) -> Tables:
    """Of a set in the data folder, with the parts that Flash will make of it."""
    train = _rows(name, "train")
    if most is not None:
        train = random.Random(1).sample(train, min(most, len(train)))
    return _tables(folder, train, _rows(name, "test")[:most])


def few_rows(name: str, folder: Path, each: int) -> Tables:
    """`each` rows of each class to learn from, all to be tested on."""
    train = _rows(name, "train")
    random.Random(1).shuffle(train)
    taken: dict[str, list[Row]] = {}
    for row in train:
        if len(own := taken.setdefault(row["label"], [])) < each:
            own.append(row)
    return _tables(folder, [row for own in taken.values() for row in own], _rows(name, "test"))


def _rows(name: str, part: str) -> list[Row]:
    with (DATA / "text" / name / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _tables(folder: Path, train: list[Row], test: list[Row]) -> Tables:
    folder.mkdir(parents=True, exist_ok=True)
    made = Tables(*(folder / f"{name}.csv" for name in ("train", "learn", "validation", "test")))
    _write(made.train, train)
    _write(made.test, test)
    read = folder / "read"
    read.mkdir()
    shutil.copy(made.train, read / "data.csv")
    samples = read_sentences(read)
    parts = choose_parts(samples, resolve(TASK, {"model": "minilm"}), None, 1, sentence_sources(samples, 1))
    for path, part in zip((made.learn, made.validation), parts, strict=True):
        rows = [(samples.items[i], samples.classes[samples.labels[i]]) for i in part]
        _write(path, [{"input": text, "label": label} for text, label in rows])
    return made


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("input", "label"))
        writer.writeheader()
        writer.writerows(rows)
