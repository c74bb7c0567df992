"""Why a model said what it said: each part of an input is hidden in turn, and the answer asked for again.

That needs nothing of a model but its answers (Zeiler & Fergus 2014 for pictures, Li et al. 2016 for words), so it
holds for every network, as it is served. How an input has parts to hide, its kind knows (`modelstore.web.contract`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelstore.models import TrainedModel
from modelstore.prediction.predictor import predict

_LEAST_SHARE = 1e-6
# Changes of the log odds below this are noise.
NOTHING = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence; `weight` is how much the log odds of the label fall without it, None for blanks."""

    text: str
    weight: float | None = None
    shade: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Of `label`: `parts`, which joined are the sentence, or or `grid`, rows of weights over the middle square,
    or neither.

    `picture` is a data: address of that square with what mattered left in colour.
    """

    label: str
    parts: Sequence[Part] = ()
    grid: Sequence[Sequence[float]] = ()
    picture: str = ""

    @property
    def tells(self) -> bool:
        """Whether any part alone mattered."""
        weights = [part.weight or 0.0 for part in self.parts] + [value for row in self.grid for value in row]
        return max(weights, default=0.0) >= NOTHING


def on_the_wire(explanation: Explanation) -> dict[str, Any]:
    """The explanation for programs."""
    if explanation.grid:
        return {"label": explanation.label, "grid": [list(row) for row in explanation.grid]}
    words = [
        {"text": part.text, "weight": part.weight} for part in explanation.parts if part.weight is not None
    ]
    return {"label": explanation.label, "words": words}


def log_odds(model: TrainedModel, inputs: Sequence[Any], label: str) -> list[float]:
    """Of `label`, for each input."""
    found = predict(model=model, inputs=inputs, top_k=len(model.classes))
    shares = [dict(prediction.top)[label] for prediction in found]
    return [math.log(max(share, _LEAST_SHARE) / max(1 - share, _LEAST_SHARE)) for share in shares]
