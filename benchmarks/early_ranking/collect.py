"""Trains every trial of every sweep to its end, for the table that comes with Flash."""

import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.early_ranking.material import MATERIAL, Material
from training.ground.control import Control
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.prepared import Prepared
from training.ground.run import Run
from training.search.sweep.complete_runs import CompleteSweep
from training.search.sweep.ranker import LowestSoFar
from training.search.sweep.stages import FULL
from training.search.sweep.sweep import Swept, sweep

TRIALS = 25


def bare_run(folder: Path, threads: int) -> Run:
    """A run that nobody listens to."""
    return Run(
        folder=folder,
        machine=Machine(threads=threads),
        events=Events(io.StringIO()),
        control=Control(),
        phases=Phases(),
    )


def complete(material: Material, threads: int) -> CompleteSweep:
    """The full sweep over one material; a trial that failed is left out."""
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder, Prepared() as prepared:
        data = Path(folder) / "data"
        data.mkdir()
        samples, recipe = material.read(data), material.recipe()
        swept = sweep(
            recipe,
            samples,
            bare_run(Path(folder), threads),
            count=TRIALS,
            stages=FULL,
            ranker=LowestSoFar(),
            prepared=prepared,
        )
        return of_swept(material, swept, len(samples.items), len(samples.classes))


def of_swept(material: Material, swept: Swept, samples: int, classes: int) -> CompleteSweep:
    """A full sweep as the table has it."""
    recipe = material.recipe()
    names = [axis.name for axis in recipe.kind.axes(recipe.to_json())]
    whole = [trial for trial in swept.trials if trial.curve.epochs == recipe.epochs]
    return CompleteSweep(
        data=material.data,
        recipe=material.words,
        samples=samples,
        classes=classes,
        epochs=recipe.epochs,
        values=[{name: trial.values.get(name, getattr(recipe, name)) for name in names} for trial in whole],
        curves=[trial.curve for trial in whole],
        seconds=[trial.seconds for trial in whole],
    )


def collect(
    known: Sequence[CompleteSweep], threads: int, keep: Callable[[list[CompleteSweep]], None]
) -> list[CompleteSweep]:
    """All sweeps of MATERIAL: those that are not `known` are trained, and `keep` hears of each."""
    there = {(found.data, found.recipe): found for found in known}
    sweeps: list[CompleteSweep] = []
    for material in MATERIAL:
        found = there.get((material.data, material.words))
        if found is None:
            found = complete(material, threads)
            losses = [curve.lowest for curve in found.curves]
            print(
                f"{material.name}: {sum(found.seconds):.0f} s, untuned {losses[0]:.4f}, best {min(losses):.4f}",
                flush=True,
            )
        sweeps.append(found)
        keep(sweeps)
    return sweeps
