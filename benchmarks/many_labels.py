"""Sentences with any number of labels: what thresholds of labels bring, and whether the interval of the score holds.

    make bench NAME=many_labels
    make bench NAME=many_labels ARGS='--sets trec6 r8 --rows 600 --draws 10'

Nobody hands out real sets of this kind here, so they are made of real ones: one to three texts of a set, joined, have
the labels of all of them; those of the commonest class stand for text that has no label. For each draw the n-grams are
trained as a user would with so many rows, and as joined texts of the test file are asked about. The bars are over all
draws: by how much micro F1 on the test is higher with the labels' own thresholds than with one half, and in what share
of draws the test's micro F1 lies in the interval that the model states.
"""

import argparse
import csv
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.site import DATA, bar
from benchmarks.training_runs import run_dir, train
from training.bundle.onnx_classifier import OnnxClassifier
from training.targets.label_figures import micro_f1
from training.targets.of_bundle import target_of_bundle

_TEST_ROWS = 1_000
Row = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """Micro F1 on the test with thresholds and with one half; what the model says, and whether the first lies in it."""

    own: float
    half: float
    said: float
    holds: bool


def measure(name: str, draw: int, count: int, threads: int) -> Found:
    """Train on one draw, and ask about joined texts of the test file."""
    dice = random.Random(draw)
    train_rows, test_rows = (_rows(DATA / "text" / name / f"{part}.csv") for part in ("train", "test"))
    none = Counter(label for _, label in train_rows).most_common(1)[0][0]
    learned = [_joined(dice, train_rows, none) for _ in range(count)]
    asked = [_joined(dice, test_rows, none) for _ in range(_TEST_ROWS)]
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        recipe = {"preset": "quick", "model": "bag_of_ngrams", "threads": threads}
        run = run_dir(Path(folder), "textclassification", recipe)
        (run / "data").mkdir()
        with (run / "data" / "data.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [("input", "labels"), *((text, json.dumps(labels)) for text, labels in learned)]
            )
        train(run)
        classifier = OnnxClassifier(run / "bundle", threads)
        probabilities = classifier.predict([text for text, _ in asked])
    manifest = classifier.manifest
    truth = np.array([[label in labels for label in manifest.classes] for _, labels in asked])
    own = micro_f1(truth, target_of_bundle(manifest).decide(probabilities)).value
    said = manifest.measured()
    low, high = said.interval or (0.0, 1.0)
    return Found(own, micro_f1(truth, probabilities >= 0.5).value, said.value, low <= own <= high)


def _joined(dice: random.Random, rows: Sequence[tuple[str, str]], none: str) -> Row:
    some = dice.sample(rows, dice.choice((1, 2, 2, 3)))
    return " ".join(text for text, _ in some), sorted({label for _, label in some} - {none})


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["input"], row["label"]) for row in csv.DictReader(file)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=["trec6", "r8"])
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    every: list[Found] = []
    for name in asked.sets:
        found = [measure(name, draw, asked.rows, asked.threads) for draw in range(1, asked.draws + 1)]
        every += found
        means = {field: np.mean([getattr(one, field) for one in found]) for field in ("own", "half", "said")}
        print(
            f"{name:12} {asked.rows} rows, {len(found)} draws: micro F1 on the test {means['own']:.3f} by thresholds, "
            f"{means['half']:.3f} with one half; the models say {means['said']:.3f}; in the interval "
            f"{sum(one.holds for one in found)}"
        )
    bar("many_labels_gain_of_thresholds", float(np.mean([one.own - one.half for one in every])), 0.01)
    bar("many_labels_interval_holds", float(np.mean([one.holds for one in every])), 0.9)


if __name__ == "__main__":
    main()
