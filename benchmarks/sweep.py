"""A fast sweep against the full one, in the same run: 25 trials on three shared sets.

    python -m benchmarks.sweep [--threads 1]

Both try the same hyperparameters; the full one trains all to the end. Each reads its data and prepares it anew. The
ranker has seen nothing of the set. Untuned is the preset's own loop, the first trial of both.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.early_ranking.collect import TRIALS, bare_run
from benchmarks.early_ranking.material import SWEPT, Material
from benchmarks.site import bar
from training.ground.prepared import Prepared
from training.search.sweep.complete_runs import read_table
from training.search.sweep.ranker import PairwiseRanker, Ranker
from training.search.sweep.stages import FAST, FULL, Stage
from training.search.sweep.sweep import sweep


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one sweep with all that it prepares, epochs trained, the lowest loss, and that of the first trial."""

    seconds: float
    epochs: int
    lowest: float
    untuned: float


def _swept(material: Material, stages: Sequence[Stage], ranker: Ranker, threads: int) -> Took:
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder, Prepared() as prepared:
        data = Path(folder) / "data"
        data.mkdir()
        samples, recipe = material.read(data), material.recipe()
        run = bare_run(Path(folder), threads)
        began = time.monotonic()
        found = sweep(recipe, samples, run, count=TRIALS, stages=stages, ranker=ranker, prepared=prepared)
        seconds = time.monotonic() - began
    epochs = sum(trial.curve.epochs for trial in found.trials)
    return Took(seconds, epochs, found.best.loss, found.trials[0].loss)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    table = read_table()
    tuned, slower, worse = 0, [], []
    print(
        "| set | full: s, epochs, lowest loss | fast | times less | untuned |\n|---|---|---|---|---|",
        flush=True,
    )
    for material in SWEPT:
        ranker = PairwiseRanker([sweep for sweep in table if sweep.data != material.data])
        # What the first training of a process imports is neither's.
        _swept(material, (Stage(0.01, 0.01),), ranker, chosen.threads) if not slower else None
        fast = _swept(material, FAST, ranker, chosen.threads)
        full = _swept(material, FULL, ranker, chosen.threads)
        slower.append(full.seconds / fast.seconds)
        worse.append(100 * (fast.lowest / full.lowest - 1))
        less = 100 * (1 - fast.lowest / full.untuned)
        tuned += less >= 25
        print(
            f"| {material.name} | {full.seconds:.1f}, {full.epochs}, {full.lowest:.4f} | {fast.seconds:.1f}, "
            f"{fast.epochs}, {fast.lowest:.4f} ({worse[-1]:+.1f} %) | {slower[-1]:.1f} | {full.untuned:.4f} "
            f"({-less:+.0f} %) |",
            flush=True,
        )
    bar("sweep-times-less-time-at-least", min(slower), 8)
    bar("sweep-percent-above-the-full-sweep-at-most", max(worse), 1, at_least=False)
    bar("sweep-sets-25-percent-below-untuned", tuned, 2)


if __name__ == "__main__":
    main()
