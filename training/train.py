"""One training from RUN_DIR/config.json to RUN_DIR/bundle, from the top down."""

import dataclasses
import errno
import gc
import importlib
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.bundle.previous import Previous
from training.ground.control import Control
from training.ground.errors import TrainingFailed, out_of_memory
from training.ground.events import Events
from training.ground.given_parts import hold_out_test
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Job, Run
from training.ground.samples import Parts, Samples
from training.kinds import KINDS, MANY_LABELS, load

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome


def train(job: Job) -> None:
    """Read the samples, fit a model, and export it; raises TrainingFailed or Interrupted."""
    with _failures_in_words():
        samples, test = hold_out_test(read(job), job.events)
        previous = Previous.of(job.folder)
        outcome = fit(
            job.recipe,
            samples,
            job.machine,
            job.events,
            folder=job.folder,
            control=job.control,
            phases=job.phases,
            previous=previous,
            early=partial(_export_early, job, test),
        )
        # Imported here: the data is read while torch is still being imported.
        from training.export.export import export

        export(outcome, job, task_name=job.task_name, previous=previous, test=test)


def read(job: Job) -> Samples[Any]:
    """The samples in RUN_DIR/data; raises TrainingFailed."""
    kind = job.recipe.kind
    job.events.phase("preparing", 0.0, 0.05, f"reading the {kind.words.samples}")
    with job.phases.time("read"):
        samples: Samples[Any] = load(kind.read)(job.data)
    return samples


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
) -> "Outcome":
    """Train a model by `recipe` on `samples`, none of a test part; raises TrainingFailed or Interrupted.

    `folder` is where checkpoints and large files go (one that goes away without it). `parts` are the indices to learn
    from and to measure on, by default chosen as the recipe says. `prepared` shares what was made of these samples with
    other calls. `previous` is a model to go on from; `early` gets one that can be used while the training goes on.
    """
    recipe = _for_samples(recipe, samples)
    with ExitStack() as stack:
        shared = prepared or stack.enter_context(Prepared(lasting=False))
        shared.belongs_to(samples)
        run = Run(
            folder=folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flash-"))),
            machine=machine,
            events=events,
            control=control or Control(machine.deadline_seconds),
            phases=phases or Phases(),
        )
        outcome: Outcome = load(recipe.kind.fit)(
            recipe, samples, run, parts=parts, prepared=shared, previous=previous, early=early
        )
        return outcome


def _for_samples(recipe: Recipe, samples: Samples[Any]) -> Recipe:
    """The recipe with the target that the data has; raises TrainingFailed where models of the kind do not learn it."""
    if samples.target == MANY_LABELS and not recipe.kind.many_target:
        raise TrainingFailed(
            "many_labels",
            f"The {recipe.kind.words.samples} have several labels each, which models of this kind do not learn.",
        )
    return dataclasses.replace(recipe, target=samples.target)


def import_torch_meanwhile() -> None:
    """Start importing torch in a thread: it takes seconds in which the data can already be read."""
    threading.Thread(target=_import_torch, name="import-torch", daemon=True).start()


def _import_torch() -> None:
    # It makes hundreds of thousands of objects that stay: looking for garbage among them takes a tenth of its time.
    gc.disable()
    try:
        importlib.import_module("torch")
    finally:
        gc.freeze()
        gc.enable()


def import_libraries() -> None:
    """Import what trainings of any kind need, and open the GPU: most of the time that a short one takes."""
    from training.engine.device import wake_gpu

    importlib.import_module("training.export.export")
    for name in (name for kind in KINDS.values() for name in kind.libraries):
        found = load(name)
        if callable(found):
            found()
    wake_gpu()


def _export_early(job: Job, test: Samples[Any] | None, outcome: "Outcome") -> None:
    from training.export.export import export_early

    export_early(outcome, job, task_name=job.task_name, test=test)


@contextmanager
def _failures_in_words() -> Iterator[None]:
    """Turn what a machine can run out of into sentences."""
    try:
        yield
    except MemoryError as error:
        raise out_of_memory("to train this model on this dataset") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingFailed(
                "disk_full", "The disk of the training machine is full. Tell the operator, then submit again."
            ) from error
        raise
    except RuntimeError as error:
        if _ran_out_of_memory(error):
            raise out_of_memory("to train this model on this dataset") from error
        raise


def _ran_out_of_memory(error: RuntimeError) -> bool:
    words = str(error).lower()
    return "out of memory" in words or "can't allocate memory" in words or "not enough memory" in words
