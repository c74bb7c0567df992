"""The curve of a training: what is known of it after each epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from training.ground.epochs import EpochFigures


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean loss (nats) of the training and the validation part after each epoch, from the first on."""

    train: tuple[float, ...] = ()
    validation: tuple[float, ...] = ()

    @classmethod
    def of(cls, history: Sequence[EpochFigures]) -> Self:
        """Of a training's figures; the one of epoch 0, before anything was learned, is none of it."""
        told = [figures for figures in history if figures.epoch > 0]
        return cls(tuple(one.train_loss for one in told), tuple(one.val_loss for one in told))

    @property
    def epochs(self) -> int:
        """How many there are."""
        return len(self.validation)

    @property
    def lowest(self) -> float:
        """The lowest validation loss: that of the epoch which would be kept; infinity before the first."""
        return min(self.validation, default=float("inf"))

    def first(self, epochs: int) -> "Curve":
        """The first so many epochs of it."""
        return Curve(self.train[:epochs], self.validation[:epochs])

    def to_json(self) -> dict[str, Any]:
        """As files have it."""
        return {
            "train": [round(loss, 5) for loss in self.train],
            "validation": [round(loss, 5) for loss in self.validation],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(tuple(data["train"]), tuple(data["validation"]))
