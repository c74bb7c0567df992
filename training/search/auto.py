"""Preset Auto: trains one candidate after another within a budget of minutes, and gives the best."""

import dataclasses
import math
import sys
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.ground.control import Control
from training.ground.errors import Interrupted, TrainingFailed, failures_in_words
from training.ground.prepared import Prepared
from training.ground.run import Job
from training.ground.samples import Samples
from training.kinds import CATALOG, load
from training.score import show
from training.search.optimism import optimism
from training.search.plan import Plan, options
from training.search.trial_events import TrialEvents
from training.search.trial_state import TrialState
from training.search.trials import Trial, TrialStore

if TYPE_CHECKING:
    from training.evaluation.outcome import Early, Outcome

Fit = Callable[..., "Outcome"]
# What follows the search needs some of the time that the machine has.
_SHARE_OF_DEADLINE = 0.9
_FAULT = "It stopped because of a fault in the program."


def search(
    job: Job, by: Fit, samples: Samples[Any], previous: Previous | None, early: "Early"
) -> tuple["Outcome", dict[str, Any]]:
    """The best model found within the recipe's budget, and `search` of report.json.

    Each is trained by `training.fit.fit`, or another function with its signature: some may be measured in folds. They
    are compared on the samples that all of them were measured on, the validation part.
    The first candidate is always trained to its end, whatever the budget, and `early` gets it. Raises what `fit`
    raises for it, and Interrupted; another that fails costs the search nothing but its time.
    """
    with Prepared() as prepared:
        return _Search(job, by, samples, previous, prepared).run(early)


class _Search:
    def __init__(
        self, job: Job, by: Fit, samples: Samples[Any], previous: Previous | None, prepared: Prepared
    ) -> None:
        from training.engine.checkpoint import fingerprint

        self._by = by
        self._job, self._samples, self._previous, self._prepared = job, samples, previous, prepared
        self._budget = 60 * (job.recipe.budget_minutes or 0.0)
        self._options = options(job.recipe, len(samples.items))
        self._plan = Plan(self._options)
        facts = [option.candidate.words for option in self._options], samples.labels.tolist()
        self._store = TrialStore(job.folder / "checkpoint", fingerprint(job.recipe, *facts))
        self._trials = self._store.load()
        self._started = time.monotonic() - sum(trial.seconds for trial in self._trials)
        self._leader: Trial | None = None
        self._outcome: Outcome | None = None

    def run(self, early: "Early") -> tuple["Outcome", dict[str, Any]]:
        """See `search`."""
        self._job.events.phase("training", 0.05, 0.93)
        for trial in self._trials:
            self._job.events.trial(trial.to_json())
            self._take(trial)
        if not self._trials:
            self._try(0)
            if early is not None and self._outcome is not None:
                early(self._outcome)
        while not self._job.control.out_of_time:
            index = self._plan.next(self._seconds_left())
            if index is None:
                break
            if self._has_weights(index):
                self._try(index)
            else:
                self._plan.drop(index)
        return self._found()

    def _seconds_left(self) -> float:
        left = self._budget - (time.monotonic() - self._started)
        return min(left, _SHARE_OF_DEADLINE * self._job.control.seconds_left)

    def _has_weights(self, index: int) -> bool:
        option = self._options[index]
        if option.candidate.model is None or not option.recipe.kind.has_weights:
            return True
        has_weights = load(option.recipe.kind.has_weights)
        if has_weights(option.recipe.model, self._samples, self._job.events):
            return True
        self._job.events.log(f"{option.candidate.words} was not tried: its weights cannot be had here.")
        return False

    def _try(self, index: int) -> None:
        """Train a candidate; its trial and, where it is the best so far, its model are kept."""
        option, events = self._options[index], TrialEvents(self._job.events, self._started, self._budget)
        number, words = len(self._trials) + 1, option.candidate.words
        epochs = self._plan.epochs(index, self._seconds_left()) if index else None
        if epochs is not None:
            words += f", {epochs} of {option.recipe.epochs} epochs"
        trial = Trial(
            number=number, candidate=index, words=words, model_name=option.recipe.model, epochs=epochs
        )
        self._job.events.trial(trial.to_json())
        self._job.events.detail("training", f"trial {number}: {trial.words}")
        began, folding = time.monotonic(), self._job.phases.seconds.get("folds", 0.0)
        try:
            with failures_in_words():
                outcome = self._fit(trial, events)
            trial = self._measured(trial, outcome, time.monotonic() - began)
        except Interrupted:
            raise
        except Exception as error:
            if not index:
                raise
            trial = _failed(trial, error, time.monotonic() - began)
            outcome = None
        folding = self._job.phases.seconds.get("folds", 0.0) - folding
        trial = dataclasses.replace(trial, warnings=tuple(events.warnings), in_folds=folding)
        self._trials.append(trial)
        self._job.events.trial(trial.to_json())
        if self._take(trial):
            self._outcome = outcome
            self._store.keep_leader()
        self._store.save(self._trials)

    def _fit(self, trial: Trial, events: TrialEvents) -> "Outcome":
        left = None if trial.candidate == 0 else max(self._seconds_left(), 1.0)
        return self._by(
            self._options[trial.candidate].in_epochs(trial.epochs),
            self._samples,
            self._job.machine,
            events,
            folder=self._job.folder,
            control=Control(left, whole=self._job.control),
            phases=self._job.phases,
            prepared=self._prepared,
            previous=self._previous,
        )

    def _measured(self, trial: Trial, outcome: "Outcome", seconds: float) -> Trial:
        from training.evaluation.report import log_loss

        target, truth = outcome.target, _compared(outcome, outcome.truth)
        probabilities = _compared(outcome, outcome.probabilities)
        calibrated = target.tempered(probabilities, target.temperature(truth, probabilities))
        decisions = target.decide(probabilities)
        if target.fitted is not None:
            sources = outcome.measured_sources
            _, decisions = target.fitted(
                truth, calibrated, None if sources is None else _compared(outcome, sources)
            )
        return dataclasses.replace(
            trial,
            state=TrialState.DONE,
            model_name=outcome.recipe.model,
            seconds=seconds,
            score=target.measure(truth, decisions).rounded(),
            loss=log_loss(target, truth, calibrated),
            decisions=decisions,
        )

    def _take(self, trial: Trial) -> bool:
        """Let the plan know of an ended trial; whether it is the best so far."""
        error = 1 - trial.score.value if trial.score else None
        if trial.candidate == 0 and error is not None:
            # Of a linear model folds cost what the number of samples does not tell.
            self._plan.begin(trial.seconds - trial.in_folds, error, len(trial.decisions))
        else:
            self._plan.learn(trial.candidate, trial.seconds, error, trial.epochs)
        if trial.score is None or (self._leader is not None and not trial.is_better(self._leader)):
            return False
        self._leader = trial
        return True

    def _found(self) -> tuple["Outcome", dict[str, Any]]:
        leader = self._leader
        assert leader is not None
        stopped = self._why_it_ended()
        if self._outcome is None:
            # It was trained by an earlier attempt: its checkpoint is at its end, or nearly.
            self._store.restore_leader()
            quiet = TrialEvents(self._job.events, self._started, self._budget)
            self._outcome = self._fit(leader, quiet)
        outcome, done = self._outcome, [trial for trial in self._trials if trial.score]
        sources = outcome.measured_sources
        by = optimism(
            outcome.target,
            _compared(outcome, outcome.truth),
            [trial.decisions for trial in done],
            done.index(leader),
            None if sources is None else _compared(outcome, sources),
            self._job.recipe.seed,
        )
        assert leader.score is not None
        for warning in leader.warnings:
            self._job.events.warning(warning)
        self._job.events.log(
            f"{len(done)} of {len(self._options)} ways of training {'was' if len(done) == 1 else 'were'} tried; the "
            f"best is {leader.words} "
            f"({CATALOG[leader.model_name].title}), {show(leader.score.name, leader.score.value)}. {stopped}"
        )
        found = {
            "minutes": self._budget / 60,
            "seconds": round(time.monotonic() - self._started, 1),
            "ended": stopped,
            "chosen": leader.number,
            "best_score": leader.score.to_json(),
            "trials": [trial.to_json() for trial in self._trials],
        }
        return dataclasses.replace(outcome, optimism=by), {"search": found}

    def _why_it_ended(self) -> str:
        if self._job.control.out_of_time:
            return f"{self._job.control.why_over}."
        missed = self._plan.out_of_reach()
        if missed is None:
            return "Nothing else promised enough for its time."
        spent = time.monotonic() - self._started
        minutes = math.ceil((spent + self._plan.seconds(missed)) / 60)
        about = "a minute" if minutes == 1 else f"{minutes} minutes"
        words = self._options[missed].candidate.words
        return f"The time was used up; with about {about} it could have tried {words}, too."


def _compared(outcome: "Outcome", of_measured: NDArray[Any]) -> NDArray[Any]:
    """Of the measured samples [N] those of the validation part: the first fold, where there are several."""
    if outcome.folds is None:
        return of_measured
    compared: NDArray[Any] = of_measured[outcome.folds[outcome.folds >= 0] == 0]
    return compared


def _failed(trial: Trial, error: Exception, seconds: float) -> Trial:
    """The trial with a sentence about what went wrong."""
    note = error.message if isinstance(error, TrainingFailed) else _FAULT
    if not isinstance(error, TrainingFailed):
        traceback.print_exc(file=sys.stderr)
    return dataclasses.replace(trial, state=TrialState.FAILED, seconds=seconds, note=note)
