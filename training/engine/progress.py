"""Where a training stands, and which epoch is its best one."""

from dataclasses import dataclass, field
from typing import Any, Self

from training.ground.epochs import EpochFigures
from training.score import ACCURACY, Score
from training.targets.target import Target

# By how many of its standard errors the last epoch's score may be worse than the best one's (decision 013).
_TOLERANCE = 0.5


@dataclass(slots=True)
class Progress:
    """Where a training stands; `step` batches of epoch `epoch` are done."""

    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    correct: int = 0
    seen: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_score: float | None = None
    best_loss: float = float("inf")
    history: list[EpochFigures] = field(default_factory=list)
    score: str = ACCURACY

    def is_better(self, value: float, loss: float) -> bool:
        """Whether an epoch with these validation figures would be the best: the score first, ties by loss."""
        if self.best_score is None or value == self.best_score:
            return self.best_score is None or loss < self.best_loss
        return Score(name=self.score, value=value).is_better(Score(name=self.score, value=self.best_score))

    def take(self, figures: EpochFigures) -> None:
        """From now on this epoch counts as the best."""
        self.best_epoch = figures.epoch
        self.best_score, self.best_loss = figures.val_score, figures.val_loss

    def is_clearly_worse(self, figures: EpochFigures, target: Target, count: int) -> bool:
        """Whether an epoch's score is worse than the best one's by more than chance explains, of `count` samples."""
        best = self.best_score or 0.0
        gains = [Score(name=self.score, value=value).gain for value in (figures.val_score, best)]
        return gains[0] < gains[1] - _TOLERANCE * target.luck(best, count)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What `dataclasses.asdict` made of it; an earlier version called the score its accuracy."""
        state, history = dict(state), [dict(figures) for figures in state["history"]]
        if "best_accuracy" in state:
            best = state.pop("best_accuracy")
            state["best_score"] = None if best < 0 else best
        for figures in history:
            if "val_accuracy" in figures:
                figures["val_score"] = figures.pop("val_accuracy")
        return cls(**state | {"history": [EpochFigures(**figures) for figures in history]})
