"""Measures a model on all of its samples, each answered by a model that had not learned from it (cross-validation).

Of a few hundred samples a fifth says little: how good a model is stays unknown by ten points. So further models are
made in the same way, each from all folds but one, and asked about that one (Stone 1974; by sources, decision 073).
Whatever a validation part chooses (the votes, the head or the network) the first fold has chosen; the others only
measure.
"""

import dataclasses
import shutil
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.fit import fit
from training.ground.control import Control
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples
from training.ground.split import stratified_folds
from training.kinds import MANY_LABELS
from training.search.answers import Answers, mean_baseline
from training.search.folding import fold_count

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome

# The share of all progress that a first training takes whose features the others need not compute again.
_MOST_OF_IT = 0.8
# Where the training ends and the export begins.
_TRAINED = 0.93
Indices = NDArray[np.int64]


def fit_in_folds(
    recipe: Recipe,
    samples: Samples[Any],
    machine: Machine,
    events: Events,
    *,
    folder: Path,
    control: Control | None = None,
    phases: Phases | None = None,
    prepared: Prepared | None = None,
    previous: Previous | None = None,
    early: "Early" = None,
) -> "Outcome":
    """`training.fit.fit`, whose outcome is measured in folds where the data is small; see `fold_count`.

    The model is the one that `fit` makes, or another one made in the same way that learned from all samples. Parts
    that the upload names are kept to, and so is an earlier model's network that has learned: it knows some of the
    samples. What an interrupted training has measured is kept in `folder`; where the time is over, the folds that are
    done count.
    """
    control = control or Control(machine.deadline_seconds)
    phases = phases or Phases()
    count = 1 if _is_decided(samples, previous) else fold_count(recipe.to_json(), len(samples.items))
    with ExitStack() as stack:
        if count > 1:
            prepared = prepared or stack.enter_context(Prepared())
        share = 1.0 if count == 1 else _MOST_OF_IT if recipe.is_convex else 1 / (count + 1)
        first = fit(
            recipe,
            samples,
            machine,
            events if count == 1 else events.up_to(share),
            folder=folder,
            control=control,
            phases=phases,
            prepared=prepared,
            previous=previous,
            early=early,
        )
        if count == 1 or first.sources is None:
            return first
        assert prepared is not None
        events.phase("training", share * _TRAINED, _TRAINED, f"measuring in {count} folds")
        run = Run(folder=folder, machine=machine, events=events, control=control, phases=phases)
        folds = _Folds(recipe, samples, run, prepared, previous, first, count)
        with phases.time("folds"):
            return folds.measured()


def _is_decided(samples: Samples[Any], previous: Previous | None) -> bool:
    """Whether what is measured on is known already, or cannot be split into folds: samples with many labels."""
    if samples.target == MANY_LABELS:
        return True
    return bool(samples.splits) or (previous is not None and previous.has_learned and not previous.in_folds)


class _Folds:
    """The folds after the `first`, whose outcome is known."""

    def __init__(
        self,
        recipe: Recipe,
        samples: Samples[Any],
        run: Run,
        prepared: Prepared,
        previous: Previous | None,
        first: "Outcome",
        count: int,
    ) -> None:
        self._recipe, self._samples, self._run = recipe, samples, run
        # One process: those of the first have gone.
        self._machine = dataclasses.replace(run.machine, processes=1)
        self._prepared, self._previous, self._first = prepared, previous, first
        self._folds = _folds_of(first, count)

    def measured(self) -> "Outcome":
        """The first outcome with the answers of all folds that could be finished."""
        numbers = [int(number) for number in np.unique(self._folds) if number > 0]
        answers = {0: Answers.of(self._first)}
        steps = len(numbers) + (not self._has_all)
        for done, number in enumerate(numbers):
            self._run.control.check()
            found = Answers.load(self._path(number), self._fingerprint(number))
            found = found or self._fold(number, done / steps, (done + 1) / steps)
            if found is None:
                break
            answers[number] = found
        if len(answers) == 1:
            return self._first
        outcome = self._together(answers)
        return outcome if self._has_all else self._of_all(outcome, len(numbers) / steps)

    @property
    def _has_all(self) -> bool:
        """Whether the first model has learned from all samples, once it was measured, or none may be made that has.

        That is so where the validation part decides when a training ends, or at what rate it goes on.
        """
        first, recipe = self._first, self._recipe
        is_decided = recipe.early_stopping is not None or recipe.schedule != "cosine"
        return recipe.is_convex or is_decided or first.deployed_count >= sum(map(len, first.parts))

    def _fold(self, number: int, low: float, high: float) -> Answers | None:
        """Those of one fold; None where there was no time for it, or it failed."""
        outcome = self._fitted(self._parts(number), low, high)
        if outcome is None:
            self._run.events.log(f"Fold {number + 1} could not be measured.")
            return None
        answers = Answers.of(outcome)
        answers.save(self._path(number), self._fingerprint(number))
        return answers

    def _of_all(self, outcome: "Outcome", low: float) -> "Outcome":
        """The same with a model that learned from all samples; what validation part it is given chooses nothing."""
        train, validation = self._parts(0)
        whole = self._fitted((np.union1d(train, validation), validation), low, 1.0)
        if whole is None:
            return outcome
        first, count = self._first, len(self._folds)
        self._run.events.log(
            f"The model you get has learned from all {count:,} {self._recipe.kind.words.samples}, as long and in the "
            "same way as those that were measured."
        )
        return dataclasses.replace(
            outcome,
            module=whole.module,
            state=whole.state,
            arguments=whole.arguments,
            graph=whole.graph,
            unlearned=whole.unlearned,
            deployed_count=count,
            measured=first.measured or partial(first.graph, first.module),
        )

    def _fitted(self, parts: Parts, low: float, high: float) -> "Outcome | None":
        """A model made as the first one was; None where there was no time for it, or it failed."""
        if self._is_over():
            return None
        work = self._run.folder / "fold"
        work.mkdir(exist_ok=True)
        try:
            outcome = fit(
                self._recipe,
                self._samples,
                self._machine,
                self._run.events.progress_alone(low, high),
                folder=work,
                parts=parts,
                control=self._run.control,
                prepared=self._prepared,
                # What it has not learned, which may be out of reach elsewhere.
                previous=self._previous,
                choices=self._first.choices,
            )
        except TrainingFailed as failure:
            self._run.events.log(failure.message)
            return None
        finally:
            shutil.rmtree(work, ignore_errors=True)
        # Out of time, it learned for less time than the model that it stands for.
        return None if self._is_over() else outcome

    def _is_over(self) -> bool:
        return self._run.control.out_of_time

    def _parts(self, number: int) -> Parts:
        """As indices among all samples that were given."""
        usable, count = self._first.usable, len(self._folds)
        places = np.arange(count) if usable is None else usable
        return places[self._folds != number], places[self._folds == number]

    def _together(self, answers: dict[int, Answers]) -> "Outcome":
        from training.search.evidence import FoldsEvidence

        first = self._first
        folds = np.where(np.isin(self._folds, list(answers)), self._folds, -1)
        probabilities = np.zeros((len(folds), len(first.classes)), np.float32)
        for found in answers.values():
            probabilities[found.places] = found.probabilities
        measured_on = np.flatnonzero(folds >= 0)
        outcome = dataclasses.replace(
            first,
            folds=folds,
            probabilities=probabilities[measured_on],
            deployed_count=first.deployed_count or len(first.parts[0]),
        )
        if first.evidence is not None:
            evidence = FoldsEvidence(first.evidence, outcome, mean_baseline(list(answers.values())))
            outcome = dataclasses.replace(outcome, evidence=evidence)
        self._run.events.log(
            f"The figures are of {len(measured_on):,} {self._recipe.kind.words.samples}, each answered by a model "
            f"that had not learned from it ({len(answers)} folds)."
        )
        return outcome

    def _path(self, number: int) -> Path:
        return self._run.folder / "checkpoint" / f"fold-{number}.npz"

    def _fingerprint(self, number: int) -> str:
        from training.engine.checkpoint import fingerprint

        return fingerprint(self._recipe, self._folds.tolist(), number, dict(self._first.choices))


def _folds_of(first: "Outcome", count: int) -> Indices:
    """The fold of each sample of `first`, whose validation part is fold 0."""
    train, validation = first.parts
    sources = first.sources
    assert sources is not None
    labels = first.samples.labels
    if len(np.unique(np.stack([labels, sources]), axis=1).T) == len(np.unique(labels)):
        # Each class comes from a single source, so the first split was sample by sample, too.
        sources = np.arange(len(sources))
    folds = stratified_folds(labels, sources, validation, count, first.recipe.seed)
    unused = np.setdiff1d(np.arange(len(folds)), np.concatenate([train, validation]))
    folds[unused] = -1
    return folds
