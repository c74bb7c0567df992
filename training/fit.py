"""One training as a function: of a recipe and samples, a model with what was measured of it."""

import dataclasses
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.bundle.previous import Previous
from training.ground.control import Control
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples
from training.kinds import MANY_LABELS, load

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome


def fit(
    recipe: Recipe,
    samples: Samples[Any],
    machine: Machine,
    events: Events,
    *,
    folder: Path | None = None,
    parts: Parts | None = None,
    control: Control | None = None,
    phases: Phases | None = None,
    prepared: Prepared | None = None,
    previous: Previous | None = None,
    early: "Early" = None,
    choices: Mapping[str, Any] | None = None,
) -> "Outcome":
    """Train a model by `recipe` on `samples`, none of a test part; raises TrainingFailed or Interrupted.

    `folder` is where checkpoints and large files go (one that goes away without it). `parts` are the indices to learn
    from and to measure on, by default chosen as the recipe says. `prepared` shares what was made of these samples with
    other calls. `previous` is a model to go on from; `early` gets one that can be used while the training goes on.
    With the `choices` of an earlier outcome it is for measuring alone, see `training.ground.run.Run`.
    """
    recipe = for_samples(recipe, samples)
    with ExitStack() as stack:
        shared = prepared or stack.enter_context(Prepared(lasting=False))
        shared.belongs_to(samples)
        run = Run(
            folder=folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flash-"))),
            machine=machine,
            events=events,
            control=control or Control(machine.deadline_seconds),
            phases=phases or Phases(),
            choices=choices,
        )
        outcome: Outcome = load(recipe.kind.fit)(
            recipe, samples, run, parts=parts, prepared=shared, previous=previous, early=early
        )
        return outcome


def for_samples(recipe: Recipe, samples: Samples[Any]) -> Recipe:
    """The recipe with the target that the data has; raises TrainingFailed where models of the kind do not learn it."""
    if samples.target == MANY_LABELS and not recipe.kind.many_target:
        raise TrainingFailed(
            "many_labels",
            f"The {recipe.kind.words.samples} have several labels each, which models of this kind do not learn.",
        )
    return dataclasses.replace(recipe, target=samples.target)
