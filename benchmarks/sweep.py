"""A fast sweep against the full one, in the same run: 25 trials on three shared sets.

    python -m benchmarks.sweep [--sets r8] [--threads 1]

Both try the same hyperparameters; the full one trains all to the end. What is made of the data once (sources, tokens,
features) is made before, and its time, with that of one epoch of one trial, is added to both. The ranker has seen
nothing of the set. Untuned is the preset's own loop, the first trial. Time is the processor's, so that others on the
machine change little; what the clock said stands beside it.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.early_ranking.collect import TRIALS, bare_run
from benchmarks.early_ranking.material import SWEPT, Material
from benchmarks.site import bar
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.samples import Samples
from training.search.sweep.complete_runs import read_table
from training.search.sweep.points import changed
from training.search.sweep.ranker import PairwiseRanker, Ranker
from training.search.sweep.stages import FAST, FULL, Stage
from training.search.sweep.sweep import sweep
from training.search.sweep.trainee import Shared, Trainee

_UNTUNED = 25


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one sweep, of the processor and by the clock, epochs, its lowest loss, and that of the first trial."""

    seconds: float
    clock: float
    epochs: int
    lowest: float
    untuned: float

    @property
    def words(self) -> str:
        """For the table."""
        return f"{self.seconds:.1f} ({self.clock:.0f}), {self.epochs}, {self.lowest:.4f}"


@dataclass(frozen=True, slots=True)
class Sweeping:
    """One set with its recipe, and a folder to work in."""

    recipe: Recipe
    samples: Samples[Any]
    folder: Path
    prepared: Prepared
    threads: int

    def once(self) -> float:
        """Make what all trials share; seconds of it and of an epoch."""
        run, processor = bare_run(self.folder, self.threads), time.process_time()
        shared = Shared(samples=self.samples, run=run, prepared=self.prepared)
        Trainee(changed(self.recipe, {}), shared, self.folder / "once").advance(1)
        return time.process_time() - processor

    def took(self, name: str, stages: Sequence[Stage], ranker: Ranker) -> Took:
        """One sweep over it."""
        run = bare_run(self.folder / name, self.threads)
        began, processor = time.monotonic(), time.process_time()
        found = sweep(
            self.recipe,
            self.samples,
            run,
            count=TRIALS,
            stages=stages,
            ranker=ranker,
            prepared=self.prepared,
        )
        seconds, clock = time.process_time() - processor, time.monotonic() - began
        epochs = sum(trial.curve.epochs for trial in found.trials)
        return Took(seconds, clock, epochs, found.best.loss, found.trials[0].loss)


@contextmanager
def _of(material: Material, threads: int) -> Iterator[Sweeping]:
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder, Prepared() as prepared:
        data = Path(folder) / "data"
        data.mkdir()
        yield Sweeping(material.recipe(), material.read(data), Path(folder), prepared, threads)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=[material.data for material in SWEPT])
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    sets, table = [material for material in SWEPT if material.data in chosen.sets], read_table()
    slower: list[float] = []
    worse: list[float] = []
    less: list[float] = []
    with _of(sets[0], chosen.threads) as warm_up:
        # What the first training of a process imports is no part of any.
        warm_up.once()
    print(
        "| set | once | full: s (by the clock), epochs, lowest loss | fast | times less | untuned |",
        flush=True,
    )
    print("|---|---|---|---|---|---|", flush=True)
    for material in sets:
        ranker = PairwiseRanker([sweep for sweep in table if sweep.data != material.data])
        with _of(material, chosen.threads) as sweeping:
            once = sweeping.once()
            fast, full = (
                sweeping.took(name, stages, ranker) for name, stages in (("fast", FAST), ("full", FULL))
            )
        slower.append((once + full.seconds) / (once + fast.seconds))
        worse.append(100 * (fast.lowest / full.lowest - 1))
        less.append(100 * (1 - fast.lowest / full.untuned))
        print(
            f"| {material.name} | {once:.1f} | {full.words} | {fast.words} ({worse[-1]:+.1f} %) | {slower[-1]:.1f}, "
            f"without what is made once {full.seconds / fast.seconds:.1f} | {full.untuned:.4f} ({-less[-1]:+.0f} %) |",
            flush=True,
        )
    bar("sweep-times-less-time", min(slower), 8)
    bar("sweep-percent-above-the-full-sweep", max(worse), 1, at_least=False)
    bar("sweep-sets-a-quarter-below-untuned", sum(by >= _UNTUNED for by in less), min(2, len(sets)))


if __name__ == "__main__":
    main()
