"""The training of one trial, which goes on and pauses as a sweep says."""

import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.fit import fit
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import Interrupted
from training.ground.events import Events
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts, Samples
from training.search.sweep.curve import Curve

if TYPE_CHECKING:
    from training.evaluation.outcome import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all trials of a sweep have in common: the samples, and what is made of them once."""

    samples: Samples[Any]
    run: Run
    prepared: Prepared
    parts: Parts | None = None


class Trainee:
    """A training by `fit` in a folder of its own, where its checkpoint lies between two turns."""

    def __init__(self, recipe: Recipe, shared: Shared, folder: Path) -> None:
        self._recipe, self._shared, self._folder = recipe, shared, folder

    def advance(self, epochs: int) -> Curve:
        """Train until so many epochs are over, from where it stands; its curve.

        Raises what `fit` raises, Interrupted where the whole sweep is to stop and go on later. Where the time is over
        the curve is shorter.
        """
        control = Control(whole=self._shared.run.control)

        def pause(epoch: int) -> None:
            if epoch >= epochs:
                control.interrupt()

        heard = _Heard(self._shared.run.events, pause)
        try:
            self._fit(heard, control)
        except Interrupted:
            self._shared.run.control.check()
        return Curve.of(heard.history)

    def outcome(self) -> "Outcome":
        """The model at the end of its training, measured."""
        return self._fit(_Heard(self._shared.run.events), Control(whole=self._shared.run.control))

    def forget(self) -> None:
        """Remove its checkpoint: it will not go on."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fit(self, events: Events, control: Control) -> "Outcome":
        shared, run = self._shared, self._shared.run
        self._folder.mkdir(parents=True, exist_ok=True)
        return fit(
            self._recipe,
            shared.samples,
            run.machine,
            events,
            folder=self._folder,
            parts=shared.parts,
            control=control,
            phases=run.phases,
            prepared=shared.prepared,
        )


class _Heard(Events):
    """Keeps the figures of the epochs, and says which is over; of the rest nothing is told."""

    def __init__(self, whole: Events, after: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(io.StringIO())
        self._whole, self._after = whole, after
        self.history: list[EpochFigures] = []

    def _write(self, kind: str, **facts: Any) -> None:
        """What it logs would be nobody's: it is one of many."""

    def muted(self) -> Events:
        """See Events."""
        return self._whole.muted()

    def went_on(self, history: Sequence[EpochFigures]) -> None:
        """See Events."""
        self.history = list(history)

    def epoch(self, figures: EpochFigures, epochs: int) -> None:
        """See Events; one that begins again at a lower rate starts another curve."""
        self.history = [one for one in self.history if one.epoch < figures.epoch] + [figures]
        self._after(figures.epoch)
