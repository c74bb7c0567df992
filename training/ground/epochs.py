"""The figures of one epoch."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochFigures:
    """One epoch: mean loss (nats) and accuracy (0 to 1) over samples, learning rate at its end, seconds."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As report.json and the `epoch` event have it."""
        return {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
