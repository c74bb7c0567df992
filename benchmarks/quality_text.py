"""Trains presets on every set of texts in the data folder and tests each bundle on texts it never saw.

    python -m benchmarks.quality_text [--sets trec6 mr] [--jobs 4] [--choices quick balanced best best:hidden=128]

A choice is a preset with any fields of Recipe behind it. Prints accuracies in percent and seconds of the
whole process; with several jobs at once these are longer than alone. Last, whether the presets keep their order.
"""

import argparse
import csv
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.site import bar
from benchmarks.training_runs import DATA, run_dir, train
from training.bundle.onnx_classifier import OnnxClassifier

# Test accuracy in percent of logistic regression on tf-idf bigrams, fitted to all training rows.
REFERENCES = {
    "trec6": 89.8, "agnews-small": 88.5, "banking77": 90.5, "bbc-news": 97.1, "sst2": 80.3,
    "mr": 74.7, "r8": 96.6, "sms-spam": 98.8, "thucnews-title-zh": 87.2, "wisesight-th": 66.6,
}  # fmt: skip


def values_of(choice: str) -> dict[str, Any]:
    """The fields that `preset:field=value:field=value` names; numbers are read as such."""
    preset, *others = choice.split(":")
    values: dict[str, Any] = {"preset": preset}
    for name, _, text in (other.partition("=") for other in others):
        number = float(text) if text.replace(".", "", 1).isdigit() else text
        values[name] = int(number) if isinstance(number, float) and text.isdigit() else number
    return values


def accuracy(bundle: Path, table: Path, threads: int) -> float:
    """Percent of the rows of a table that model.onnx gets right."""
    classifier = OnnxClassifier(bundle, threads)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Batches are padded to their longest sentence.
    rows.sort(key=lambda row: len(row["input"]))
    best = classifier.predict([row["input"] for row in rows]).argmax(1)
    classes = classifier.manifest.classes
    right = sum(classes[i] == row["label"] for i, row in zip(best, rows, strict=True))
    return 100 * right / len(rows)


def measure(name: str, choice: str, threads: int) -> dict[str, Any]:
    """Train one choice on one set in a process of its own; the figures."""
    data = DATA / "text" / name
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), "textclassification", {"threads": threads, **values_of(choice)})
        (run / "data").mkdir()
        shutil.copy(data / "train.csv", run / "data" / "data.csv")
        trained = train(run)
        bundle = run / "bundle"
        epochs = trained.report["epochs"]
        return {
            "test": accuracy(bundle, data / "test.csv", threads),
            "validation": 100 * trained.report["accuracy"],
            "seconds": trained.seconds,
            "epoch_seconds": sum(epoch["seconds"] for epoch in epochs) / len(epochs),
            "epochs": f"{trained.report['best_epoch']}/{len(epochs)}",
            "megabytes": (bundle / "model.onnx").stat().st_size / 1e6,
            "logs": [e["message"] for e in trained.events if e["event"] == "log"],
        }


def told(name: str, choice: str, threads: int) -> dict[str, Any]:
    """`measure`, and a line about it as soon as it is there."""
    found = measure(name, choice, threads)
    print(
        f"{name:18} {choice:34} test {found['test']:5.2f} ({found['test'] - REFERENCES.get(name, 0):+5.2f})  "
        f"validation {found['validation']:5.2f}  {found['seconds']:6.1f} s  epoch {found['epoch_seconds']:6.2f} s  "
        f"best {found['epochs']:>5}  {found['megabytes']:5.1f} MB  {' '.join(found['logs'])[:150]}",
        flush=True,
    )
    return found


def main() -> None:
    """See the module."""
    every = sorted(path.parent.name for path in (DATA / "text").glob("*/train.csv"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=every)
    parser.add_argument("--choices", nargs="+", default=["quick", "balanced", "best"])
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    threads = max(1, (os.cpu_count() or 1) // chosen.jobs)
    with ThreadPoolExecutor(chosen.jobs) as pool:
        # The long ones first: no core waits for a last straggler.
        pairs = [(name, choice) for choice in reversed(chosen.choices) for name in chosen.sets]
        found = dict(zip(pairs, pool.map(lambda pair: told(pair[0], pair[1], threads), pairs), strict=True))
    print(f"\n{'test accuracy':18}" + "".join(f"{choice[:20]:>21}" for choice in chosen.choices))
    for name in chosen.sets:
        cells = "".join(f"{found[name, choice]['test']:21.2f}" for choice in chosen.choices)
        print(f"{name:18}{cells}   reference {REFERENCES.get(name, float('nan')):.1f}")
    for name in chosen.sets:
        tests = {choice: found[name, choice]["test"] for choice in chosen.choices}
        if "quick" in tests and name in REFERENCES:
            bar(f"{name}-quick-against-reference", tests["quick"] - REFERENCES[name], -1.0)
        if {"quick", "balanced"} <= set(tests):
            bar(f"{name}-balanced-against-quick", tests["balanced"] - tests["quick"], -0.5)
        if {"best", "balanced"} <= set(tests):
            bar(f"{name}-best-against-balanced", tests["best"] - tests["balanced"], -0.5)


if __name__ == "__main__":
    main()
