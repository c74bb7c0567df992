"""A sweep: many trainings of one recipe with other hyperparameters, all a little, the promising ones to the end."""

import dataclasses
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.ground.errors import Interrupted, TrainingFailed, failures_in_words
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Samples
from training.search.sweep.points import changed, points
from training.search.sweep.ranker import Ranker
from training.search.sweep.stages import Stage, turns
from training.search.sweep.sweep_trial import SweepStore, SweepTrial
from training.search.sweep.trainee import Shared, Trainee
from training.search.trial_state import TrialState

if TYPE_CHECKING:
    from training.evaluation.outcome import Outcome

_FAULT = "It stopped because of a fault in the program."


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep found: all `trials`, and the `best`, whose model `outcome()` gives (it trains it to its end)."""

    trials: Sequence[SweepTrial]
    best: SweepTrial
    outcome: "Callable[[], Outcome]"


def sweep(
    recipe: Recipe,
    samples: Samples[Any],
    run: Run,
    *,
    count: int,
    stages: Sequence[Stage],
    ranker: Ranker,
    prepared: Prepared,
    tell: Callable[[SweepTrial], None] = lambda _: None,
) -> Swept:
    """Train `recipe` on `samples` in `count` ways; the first is the recipe itself.

    All trials are trained up to a stage before any goes on; there the `ranker` picks those that do. Without stages all
    go on to the end. What is made of the samples (pixels, features, tokens, states) is made once, in `prepared`. `tell`
    hears of each trial after each of its turns.

    Where the time is over, it ends with what it has. A trial that fails costs only its time; raises TrainingFailed
    where all do, and Interrupted: called again with the same folder it goes on where it was.
    """
    return _Sweep(recipe, samples, run, count, stages, ranker, prepared, tell).swept()


class _Sweep:
    def __init__(
        self,
        recipe: Recipe,
        samples: Samples[Any],
        run: Run,
        count: int,
        stages: Sequence[Stage],
        ranker: Ranker,
        prepared: Prepared,
        tell: Callable[[SweepTrial], None],
    ) -> None:
        from training.engine.checkpoint import fingerprint

        self._recipe, self._run, self._ranker, self._tell = recipe, run, ranker, tell
        self._shared = Shared(samples=samples, run=run, prepared=prepared)
        values = points(recipe, count)
        self._turns = turns(stages, len(values), recipe.epochs)
        facts = values, self._turns, type(ranker).__name__, samples.labels.tolist()
        self._folder = run.folder / "checkpoint" / "sweep"
        self._store = SweepStore(self._folder / "trials.json", fingerprint(recipe, *facts))
        fresh = [SweepTrial(number=place + 1, values=row) for place, row in enumerate(values)]
        self._trials = self._store.load() or fresh
        self._failure: TrainingFailed | None = None

    def swept(self) -> Swept:
        """See `sweep`."""
        going = [trial.number for trial in self._trials]
        for epochs, count in self._turns:
            going = self._go_on(going, count)
            for number in going:
                if self._run.control.out_of_time:
                    return self._found()
                self._advance(number, epochs)
        return self._found()

    def _go_on(self, going: Sequence[int], count: int) -> list[int]:
        """The `count` most promising, in their order."""
        standing = [self._of(number) for number in going if self._of(number).state != TrialState.FAILED]
        if len(standing) <= count:
            return [trial.number for trial in standing]
        # An earlier attempt may have trained some of them further already.
        after = min(trial.curve.epochs for trial in standing)
        curves = [trial.curve.first(after) for trial in standing]
        order = self._ranker.order(curves, [self._values(trial) for trial in standing], self._recipe.epochs)
        chosen = {standing[place].number for place in order[:count]}
        for trial in standing:
            if trial.number not in chosen and trial.state == TrialState.RUNNING:
                self._keep(dataclasses.replace(trial, state=TrialState.DONE))
        return [trial.number for trial in standing if trial.number in chosen]

    def _values(self, trial: SweepTrial) -> Mapping[str, Any]:
        """All that the sweep changes, as this trial has it."""
        names = {name for other in self._trials for name in other.values}
        return {name: trial.values.get(name, getattr(self._recipe, name)) for name in sorted(names)}

    def _advance(self, number: int, epochs: int) -> None:
        trial = self._of(number)
        if trial.curve.epochs >= epochs:
            return
        began = time.monotonic()
        try:
            with failures_in_words():
                curve = self._trainee(trial).advance(epochs)
            ended = TrialState.DONE if curve.epochs >= self._recipe.epochs else TrialState.RUNNING
            trial = dataclasses.replace(trial, curve=curve, state=ended)
        except Interrupted:
            raise
        except Exception as error:
            trial = self._failed(trial, error)
        self._keep(dataclasses.replace(trial, seconds=trial.seconds + time.monotonic() - began))

    def _failed(self, trial: SweepTrial, error: Exception) -> SweepTrial:
        if self._run.control.out_of_time:
            # It had no time to begin.
            return trial
        if isinstance(error, TrainingFailed):
            self._failure = self._failure or error
        else:
            traceback.print_exc(file=sys.stderr)
        note = error.message if isinstance(error, TrainingFailed) else _FAULT
        return dataclasses.replace(trial, state=TrialState.FAILED, note=note)

    def _keep(self, trial: SweepTrial) -> None:
        self._trials[trial.number - 1] = trial
        self._store.save(self._trials)
        best = min(self._trials, key=lambda one: one.loss)
        for other in self._trials:
            # Of one that does not go on only the best could still be asked for.
            if other.state != TrialState.RUNNING and other is not best:
                self._trainee(other).forget()
        self._tell(trial)

    def _found(self) -> Swept:
        best = min(self._trials, key=lambda trial: trial.loss)
        if best.curve.epochs == 0:
            message = f"The time allowed ran out before an epoch of the first trial was finished. {_LESS}"
            raise self._failure or TrainingFailed("deadline_exceeded", message)
        return Swept(trials=tuple(self._trials), best=best, outcome=self._trainee(best).outcome)

    def _of(self, number: int) -> SweepTrial:
        return self._trials[number - 1]

    def _trainee(self, trial: SweepTrial) -> Trainee:
        recipe = changed(self._recipe, trial.values)
        return Trainee(recipe, self._shared, self._folder / f"{trial.number:03}")


_LESS = "Allow more time, or use fewer samples or a smaller model."
