"""The figures of one epoch."""

from dataclasses import asdict, dataclass
from typing import Any

from training.score import ACCURACY


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochFigures:
    """One epoch: mean loss (nats) and score (0 to 1) over samples, learning rate at its end, seconds.

    `score` is the name of the validation part's score, `val_score`. While a network learns only right answers are
    counted: of the training part their share is known, whatever the score.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_score: float
    learning_rate: float
    seconds: float
    score: str = ACCURACY

    def to_json(self) -> dict[str, Any]:
        """As report.json and the `epoch` event have it: `val_score` under the score's own name."""
        facts = {name: value for name, value in asdict(self).items() if name != "score"}
        return {
            f"val_{self.score}" if name == "val_score" else name: round(value, 6)
            if isinstance(value, float)
            else value
            for name, value in facts.items()
        }
