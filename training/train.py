"""One training from RUN_DIR/config.json to RUN_DIR/bundle, from the top down."""

import gc
import importlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from training.bundle.previous import Previous
from training.fit import fit
from training.ground.errors import failures_in_words
from training.ground.given_parts import hold_out_test
from training.ground.run import Job
from training.ground.samples import Samples
from training.kinds import KINDS, Preset, load
from training.search.auto import Fit, search

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome


def train(job: Job, by: Fit = fit) -> None:
    """Read the samples, fit a model, and export it; raises TrainingFailed or Interrupted.

    What fits is `fit`, or another function with its signature that makes more of it (`training.search.folds`).
    """
    with failures_in_words():
        samples, test = hold_out_test(read(job), job.events)
        previous, early = Previous.of(job.folder), partial(_export_early, job, test)
        outcome, found = _outcome(job, by, samples, previous, early)
        # Imported here: the data is read while torch is still being imported.
        from training.export.export import export

        export(outcome, job, task_name=job.task_name, previous=previous, test=test, found=found)


def _outcome(
    job: Job, by: Fit, samples: Samples[Any], previous: Previous | None, early: "Early"
) -> tuple["Outcome", dict[str, Any]]:
    """The model of a single training, or the best that a search found, and what report.json tells of the search."""
    if job.recipe.preset is Preset.AUTO:
        return search(job, by, samples, previous, early)
    outcome = by(
        job.recipe,
        samples,
        job.machine,
        job.events,
        folder=job.folder,
        control=job.control,
        phases=job.phases,
        previous=previous,
        early=early,
    )
    return outcome, {}


def read(job: Job) -> Samples[Any]:
    """The samples in RUN_DIR/data; raises TrainingFailed."""
    kind = job.recipe.kind
    job.events.phase("preparing", 0.0, 0.05, f"reading the {kind.words.samples}")
    with job.phases.time("read"):
        samples: Samples[Any] = load(kind.read)(job.data)
    return samples


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
