"""Whether a model notices sentences of classes that it does not know: some classes are left out of the training.

    make bench NAME=open_set
    make bench NAME=open_set ARGS='--sets banking77 r8 --presets quick balanced --draws 1 2 3'

For each draw a fifth of the classes is left out, the rest is trained as a user would, and all of the test file is asked
about. Prints the area under the curve of known against unknown sentences, and at the model's own threshold the false
alarms and the share caught, beside what the model says of itself (as measured on its training file, by leaving classes
out of that). The bar is the mean area over the draws.
"""

import argparse
import csv
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.site import DATA, bar
from benchmarks.training_runs import run_dir, train
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.outside import spread

_GOAL = 0.9
_LEFT_OUT = 5  # one class of so many


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of 1: the area, false alarms and caught on the test file, and the same two as the model says them."""

    area: float
    alarms: float
    caught: float
    said_alarms: float
    said_caught: float


def measure(name: str, preset: str, draw: int, threads: int) -> Found:
    """Train without some of the classes, and ask about all of them."""
    train_rows, test_rows = (_rows(DATA / "text" / name / f"{part}.csv") for part in ("train", "test"))
    classes = sorted({label for _, label in train_rows})
    left_out = set(random.Random(draw).sample(classes, len(classes) // _LEFT_OUT))
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), "textclassification", {"preset": preset, "threads": threads})
        (run / "data").mkdir()
        with (run / "data" / "data.csv").open("w", encoding="utf-8", newline="") as file:
            rows = [row for row in train_rows if row[1] not in left_out]
            csv.writer(file).writerows([("input", "label"), *rows])
        train(run)
        classifier = OnnxClassifier(run / "bundle", threads)
        # Batches are padded to their longest sentence.
        test_rows.sort(key=lambda row: len(row[0]))
        found = spread(classifier.predict([text for text, _ in test_rows]))
    unknown = np.array([label in left_out for _, label in test_rows])
    says = classifier.manifest.outside or {}
    above = found > says.get("threshold", np.inf)
    return Found(
        area=area_under(found, unknown),
        alarms=float(above[~unknown].mean()),
        caught=float(above[unknown].mean()),
        said_alarms=float(says.get("false_alarms", np.nan)),
        said_caught=float(says.get("caught", np.nan)),
    )


def area_under(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """How often one that is `positive` scores above one that is not; equal scores count half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    hits, others = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * others))


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["input"], row["label"]) for row in csv.DictReader(file)]


def _mean(found: Sequence[float]) -> float:
    return sum(found) / len(found)


def main() -> None:
    """A line for each set, preset and draw, then the bars of the last preset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=["banking77"])
    parser.add_argument("--presets", nargs="+", default=["quick", "balanced"])
    parser.add_argument("--draws", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    bars = []
    print(
        f"{'set':12} {'preset':9} {'draw':>4} {'area':>6}  {'false alarms (said)':>20}  {'caught (said)':>15}"
    )
    for name in chosen.sets:
        for preset in chosen.presets:
            found = []
            for draw in chosen.draws:
                one = measure(name, preset, draw, chosen.threads)
                found.append(one)
                print(
                    f"{name:12} {preset:9} {draw:4} {one.area:6.3f}  {one.alarms:12.1%} ({one.said_alarms:5.1%})  "
                    f"{one.caught:7.1%} ({one.said_caught:5.1%})",
                    flush=True,
                )
        bars.append((name, _mean([one.area for one in found])))
    for name, area in bars:
        bar(f"open-set-{name}-auc", round(area, 4), _GOAL)


if __name__ == "__main__":
    main()
