"""The data and the recipes whose complete runs are collected: several data sets, several ways of training each."""

import csv
import dataclasses
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training_runs import DATA
from training.ground.recipe import Recipe, resolve
from training.ground.samples import Samples
from training.kinds import kind_of, load

_PICTURES, _TEXT = "imageclassification", "textclassification"


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """A part of a data set, and a recipe to sweep over: `values` as users set them, then `changes` of its fields."""

    data: str
    samples: int
    words: str
    values: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_pictures(self) -> bool:
        """Of pictures, or else of sentences."""
        return (DATA / "images" / self.data).is_dir()

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.data}, {self.words}"

    def recipe(self) -> Recipe:
        """What the first trial trains by."""
        task = _PICTURES if self.is_pictures else _TEXT
        return dataclasses.replace(resolve(task, self.values), **self.changes)

    def read(self, folder: Path) -> Samples[Any]:
        """Its samples, always the same ones, written to `folder`."""
        if self.is_pictures:
            _write_pictures(DATA / "images" / self.data / "train.zip", folder, self.samples)
        else:
            _write_rows(DATA / "text" / self.data / "train.csv", folder, self.samples)
        samples: Samples[Any] = load(kind_of(self.recipe().task).read)(folder)
        return samples


def _chosen(count: int, wanted: int) -> list[int]:
    return sorted(np.random.default_rng(1).permutation(count)[:wanted].tolist())


def _write_rows(table: Path, folder: Path, wanted: int) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["input", "label"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows[place] for place in _chosen(len(rows), wanted))


def _write_pictures(archive: Path, folder: Path, wanted: int) -> None:
    with zipfile.ZipFile(archive) as file:
        names = sorted(name for name in file.namelist() if not name.endswith("/"))
        for place in _chosen(len(names), wanted):
            path = folder / Path(names[place]).parts[-2] / Path(names[place]).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read(names[place]))


def _head(data: str, samples: int) -> Material:
    return Material(
        data=data,
        samples=samples,
        words="head of the encoder" if not (DATA / "images" / data).is_dir() else "head of the network",
        values={"preset": "quick", "epochs": 25},
    )


def _ngrams(data: str, samples: int) -> Material:
    values = {"preset": "quick", "model": "bag_of_ngrams", "epochs": 25}
    return Material(data=data, samples=samples, words="n-grams", values=values)


def _recurrent(data: str, samples: int, model: str) -> Material:
    values = {"preset": "balanced", "model": model, "epochs": 12, "batch_size": 32}
    return Material(data=data, samples=samples, words=model, values=values, changes={"hidden": 32})


def _layer(data: str, samples: int) -> Material:
    values = {"preset": "balanced", "epochs": 8}
    return Material(
        data=data, samples=samples, words="top layer", values=values, changes={"frozen_share": 0.83}
    )


MATERIAL = (
    _ngrams("banking77", 2000),
    _head("banking77", 2000),
    _head("trashnet-mini", 800),
    _ngrams("trec6", 1500),
    _head("trec6", 1500),
    _ngrams("agnews-small", 1000),
    _ngrams("thucnews-title-zh", 800),
    _ngrams("r8", 600),
    _ngrams("mr", 600),
    _head("sms-spam", 500),
    _ngrams("wisesight-th", 600),
    _ngrams("sst2", 600),
    _head("agnews-small", 500),
    _ngrams("sms-spam", 600),
    _head("mr", 500),
    _head("hymenoptera-224", 244),
    _recurrent("trec6", 600, "lstm"),
    _head("r8", 400),
    _layer("mr", 500),
    _recurrent("thucnews-title-zh", 600, "gru"),
    _layer("trec6", 500),
    _ngrams("bbc-news", 200),
    _head("sst2", 500),
    _head("clothing-mini", 300),
    _layer("banking77", 800),
    _recurrent("sms-spam", 600, "lstm"),
    _head("cifar10-5k", 400),
)

# For the sweep against the full sweep.
SWEPT = (_ngrams("sms-spam", 1500), _ngrams("r8", 1000), _ngrams("banking77", 2000))
