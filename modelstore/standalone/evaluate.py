"""Recomputes the reported accuracy from your own data, or measures a test set: python evaluate.py DATA [--test]

DATA is what the model was trained on, such as a folder or zip of pictures, or a table (CSV, TSV, JSON Lines).
Its samples are found again by the sha256 that validation.csv lists, whatever their names. With --test, DATA is a
labelled test set of your own: a table with a column of classes, or folders named like the classes. Needs what
predict.py needs.

Where the accuracy was measured in folds, each by a model that had not learned from it, only the model of the first fold
is in the bundle: its answers are made again, those of the other folds are read from validation.csv.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inputs
import numpy as np
from predict import Classifier

HERE = Path(__file__).resolve().parent
_CLOSE = 0.005
_FIRST = "1"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "data",
        type=Path,
        help="a folder or a zip of pictures" if inputs.FILES else "a table: CSV, TSV or JSON Lines",
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument(
        "--test", action="store_true", help="measure on DATA, a labelled test set of your own"
    )
    asked = parser.parse_args()
    try:
        if asked.test:
            _test(asked.data, as_json=asked.json)
        else:
            _recompute(asked.data, as_json=asked.json)
    except OSError as error:
        sys.exit(f"{asked.data}: {error.strerror or error}.")
    except ValueError as error:
        sys.exit(f"{asked.data}: {error}.")


def _recompute(data: Path, *, as_json: bool) -> None:
    """The reported figure once more, of the samples of `data` that validation.csv lists."""
    facts = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    wanted = _listed()
    listed = [row for rows in wanted.values() for row in rows]
    folds = {row["fold"] for row in listed if "fold" in row}
    if folds:
        wanted = {key: [row for row in rows if row["fold"] == _FIRST] for key, rows in wanted.items()}
    found = _matched(wanted, inputs.samples(data))
    total = sum(len(rows) for rows in wanted.values())
    if not found:
        sys.exit(f"{data}: none of the {total:,} validation samples is in it.")
    figures = {
        "reported_accuracy": facts["accuracy"],
        **_in_folds(listed, folds),
        "validation_samples": total,
        "found": len(found),
        **_measure("measured_model", _measured(), found),
    }
    if _learned_from_all():
        figures |= _measure("this_model", Classifier(), found)
    print(json.dumps(figures, indent=1) if as_json else _words(figures, facts.get("accuracy_interval")))
    expected = figures.get("first_fold", facts["accuracy"])
    holds = [
        abs(figures["measured_model"] - expected),
        abs(figures.get("listed", facts["accuracy"]) - facts["accuracy"]),
    ]
    sys.exit(0 if len(found) == total and max(holds) <= _CLOSE else 1)


def _in_folds(listed: list[dict[str, str]], folds: set[str]) -> dict[str, Any]:
    """What validation.csv says of all folds, and of the first."""
    if not folds:
        return {}
    right = [(row["fold"] == _FIRST, row["label"] == row["predicted"]) for row in listed]
    first = [is_right for is_first, is_right in right if is_first]
    return {
        "folds": len(folds),
        "listed": round(sum(is_right for _, is_right in right) / len(right), 6),
        "listed_samples": len(right),
        "first_fold": round(sum(first) / len(first), 6),
    }


def _test(data: Path, *, as_json: bool) -> None:
    """How good model.onnx is on a labelled test set that it has not learned from."""
    classifier = Classifier()
    found = list(inputs.labelled(data, set(classifier.classes)))
    if not found:
        names = ", ".join(classifier.classes[:5])
        sys.exit(f"{data}: no {inputs.SAMPLES} with a class that the model knows ({names}, ...) are in it.")
    probabilities = classifier.probabilities([sample for _, sample in found])
    answers = [classifier.classes[i] for i in probabilities.argmax(axis=1)]
    rows = {label: [0, 0] for label in classifier.classes}
    for (label, _), answer in zip(found, answers, strict=True):
        rows[label][0] += label == answer
        rows[label][1] += 1
    right = sum(count for count, _ in rows.values())
    interval = _interval(right, len(found))
    figures = {
        "test_samples": len(found),
        "test_accuracy": round(right / len(found), 6),
        "test_interval": interval,
        "right_of_class": {label: counts for label, counts in rows.items() if counts[1]},
    }
    if as_json:
        print(json.dumps(figures, indent=1, ensure_ascii=False))
        return
    print(
        f"Accuracy  {100 * right / len(found):.2f} %  on {len(found)} {inputs.SAMPLES} ({_likely(interval)})"
    )
    for label, (good, count) in rows.items():
        if count:
            print(f"{100 * good / count:6.1f} %  of {count:5}  {label}")


def _interval(right: int, count: int, z: float = 1.959964) -> list[float] | None:
    """Where the accuracy on as many new samples would lie 95 times in 100; None for too few to say."""
    if count < 5:
        return None
    share, spread = right / count, 2 * z * z / count
    slope = spread / 2 * (1 - 2 * share)
    root = (slope**2 + (4 + spread) * spread * share * (1 - share)) ** 0.5
    ends = (share + (slope + sign * root) / (2 + spread / 2) for sign in (-1, 1))
    return [round(min(max(end, 0.0), 1.0), 6) for end in ends]


def _likely(interval: list[float] | None) -> str:
    if interval is None:
        return "too few to say how it would be on others"
    return f"on as many new ones very likely between {100 * interval[0]:.1f} and {100 * interval[1]:.1f} %"


def _listed() -> dict[str, list[dict[str, str]]]:
    listed: dict[str, list[dict[str, str]]] = {}
    with (HERE / "validation.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            listed.setdefault(row["sha256"], []).append(row)
    return listed


def _learned_from_all() -> bool:
    return (HERE / "measured.onnx").exists() or (HERE / "measured.npz").exists()


def _measured() -> Classifier:
    """The model that the report is about: the one that you predict with may have learned from these samples, too."""
    if (HERE / "measured.onnx").exists():
        return Classifier(model="measured.onnx")
    if (HERE / "measured.npz").exists():
        with np.load(HERE / "measured.npz") as tensors:
            return Classifier(tensors=dict(tensors))
    return Classifier()


def _matched(
    wanted: dict[str, list[dict[str, str]]], samples: Iterator[tuple[str, Any]]
) -> list[tuple[dict[str, str], Any]]:
    """(row of validation.csv, sample) of all that were found; each row once."""
    left = {key: list(rows) for key, rows in wanted.items()}
    found = []
    for key, sample in samples:
        if left.get(key):
            found += [(row, sample) for row in left.pop(key)]
    return found


def _measure(name: str, classifier: Classifier, found: list[tuple[dict[str, str], Any]]) -> dict[str, Any]:
    probabilities = classifier.probabilities([sample for _, sample in found])
    labels = [classifier.classes[i] for i in probabilities.argmax(axis=1)]
    right = sum(label == row["label"] for label, (row, _) in zip(labels, found, strict=True))
    same = sum(label == row["predicted"] for label, (row, _) in zip(labels, found, strict=True))
    return {name: round(right / len(found), 6), f"{name}_answers_as_reported": round(same / len(found), 6)}


def _words(figures: dict[str, Any], interval: list[float] | None) -> str:
    samples = f"on {figures['found']:,} of {figures['validation_samples']:,} validation samples"
    lines = [f"Reported accuracy     {100 * figures['reported_accuracy']:.2f} %  ({_likely(interval)})"]
    if "folds" in figures:
        lines.append(
            f"Listed                {100 * figures['listed']:.2f} %  on {figures['listed_samples']:,} samples in "
            f"{figures['folds']} folds; {100 * figures['first_fold']:.2f} % in the first"
        )
        samples = f"on {figures['found']:,} of {figures['validation_samples']:,} samples of the first fold"
    lines.append(f"Recomputed            {100 * figures['measured_model']:.2f} %  {samples}")
    if "this_model" in figures:
        lines.append(
            f"model.onnx            {100 * figures['this_model']:.2f} %  on the same samples, from which it learned "
            "after it had been measured: no measure of how good it is"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
