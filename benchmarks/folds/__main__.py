"""How much narrower folds make the interval of small data, and whether it holds the accuracy on the test file.

    make bench NAME=folds
    make bench NAME=folds ARGS='--sets trec6 trashnet-mini --draws 5'

From each set's training file small samples are drawn, 200 sentences or 240 pictures, and Quick learns from each. Its
interval is taken twice in the same run: of one part, as without folds, and of all folds. The model is then measured on
the set's test file (--most-tested of it), which no draw has seen. Bars: how many times as wide the interval of one part
is (the median of the draws), and in how many of 20 draws the test accuracy lies in the interval of the folds.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.folds.tested import Tested
from benchmarks.honesty.sets import ALL, TEXTS, Sample, of_file, write_samples
from benchmarks.site import bar
from training.evaluation.intervals import foreseen
from training.evaluation.outcome import Outcome
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.recipe import resolve
from training.kinds import load
from training.score import Score
from training.search.folds import fit_in_folds

SENTENCES, PICTURES, DRAWS = 200, 240, 20
_MOST_TESTED = 1_000


class Draw(NamedTuple):
    """What one draw gave: the scores of one part and of all folds, the test accuracy, and seconds of it all."""

    part: Score
    folds: Score
    test: float
    seconds: float
    of_folds: float


def main() -> None:
    """A line for each set, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(ALL), choices=[*ALL])
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--most-tested", type=int, default=_MOST_TESTED)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="a line for each draw, too")
    chosen = parser.parse_args()
    bars: list[tuple[str, float, float]] = []
    print(
        f"{'set':18} {'part':>5} {'+-':>5} {'folds':>5} {'+-':>5} {'test':>5} narrower held  one holds seconds"
    )
    for name in chosen.sets:
        draws = _draws(name, chosen)
        narrower = median(_width(draw.part) / _width(draw.folds) for draw in draws)
        held, one = (sum(_holds(draw, way) for draw in draws) for way in ("folds", "part"))
        _tell(name, draws, narrower, held, one)
        bars.append((f"folds-narrower-{name}", narrower, 1.8))
        bars.append((f"folds-hold-{name}", 20 * held / len(draws), 18))
    for name, value, goal in bars:
        bar(name, value, goal)


def _draws(name: str, chosen: argparse.Namespace) -> list[Draw]:
    learned, test = of_file(name)
    chance = np.random.default_rng(0)
    tested = Tested([test[i] for i in chance.permutation(len(test))[: chosen.most_tested]])
    found = []
    for number in range(chosen.draws):
        order = np.random.default_rng(number).permutation(len(learned))
        some = [learned[i] for i in order[: SENTENCES if name in TEXTS else PICTURES]]
        found.append(_draw(name, some, tested, chosen))
        if chosen.each:
            print(found[-1], flush=True)
    return found


def _draw(name: str, some: Sequence[Sample], tested: Tested, chosen: argparse.Namespace) -> Draw:
    task = "textclassification" if name in TEXTS else "imageclassification"
    recipe, machine = resolve(task, {"preset": chosen.preset}), Machine(threads=chosen.threads, nice=0)
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        write_samples(name, Path(folder) / "data", some)
        samples, phases = load(recipe.kind.read)(Path(folder) / "data"), Phases()
        started = time.monotonic()
        outcome = fit_in_folds(
            recipe, samples, machine, Events(io.StringIO()), folder=Path(folder), phases=phases
        )
        seconds = time.monotonic() - started
        assert outcome.folds is not None
        return Draw(
            _score(outcome, outcome.parts[1]),
            _score(outcome, outcome.measured_on),
            tested.accuracy(outcome),
            seconds,
            phases.seconds["folds"],
        )


def _score(outcome: Outcome, part: NDArray[np.int64]) -> Score:
    """Of the samples at these indices, with the interval that a model would show of them."""
    target, truth = outcome.target, outcome.samples.labels[part]
    decisions = target.decide(outcome.probabilities[np.searchsorted(outcome.measured_on, part)])
    sources: Any = None if outcome.sources is None else outcome.sources[part]
    in_folds = len(part) > len(outcome.parts[1])
    right = target.right(decisions, truth)
    return foreseen(target.measure(truth, decisions), right, sources, in_folds=in_folds)


def _width(score: Score) -> float:
    low, high = score.interval or (0.0, 1.0)
    return high - low


def _holds(draw: Draw, way: str) -> bool:
    low, high = getattr(draw, way).interval or (0.0, 1.0)
    return bool(low <= draw.test <= high)


def _tell(name: str, draws: Sequence[Draw], narrower: float, held: int, one: int) -> None:
    part, folds = ([getattr(draw, way) for draw in draws] for way in ("part", "folds"))
    shown = [
        (100 * np.mean([s.value for s in some]), 50 * np.mean([_width(s) for s in some]))
        for some in (part, folds)
    ]
    test = 100 * float(np.mean([draw.test for draw in draws]))
    seconds, of_folds = (median(getattr(draw, way) for draw in draws) for way in ("seconds", "of_folds"))
    print(
        f"{name:18} {shown[0][0]:5.1f} {shown[0][1]:5.1f} {shown[1][0]:5.1f} {shown[1][1]:5.1f} {test:5.1f} "
        f"{narrower:8.2f} {held:4} {one:10} {seconds:7.1f}, folds {of_folds:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
