"""Why a model said what it said: each part of an input is hidden in turn, and the answer asked for again.

That needs nothing of a model but its answers (Zeiler & Fergus 2014 for pictures, Li et al. 2016 for words), so it
holds for every network, as it is served.
"""

import base64
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelstore.models import TaskType, TrainedModel
from modelstore.prediction.predictor import predict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_WORDS = 60
GRID = 7
# A hidden square is this share of the side, and the next one begins half of it further.
_SQUARE = 2 / (GRID + 1)
_LEAST_SHARE = 1e-6
_SHADES = 5
# Changes of the log odds below this are noise.
_NOTHING = 0.05
# A Chinese or Japanese character is a word; long runs of letters without blanks (Thai) are taken in pieces.
_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
_LONG, _PIECE = 16, 4


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence; `weight` is how much the log odds of the label fall without it, None for blanks."""

    text: str
    weight: float | None = None
    shade: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Of `label`: either `parts`, which joined are the sentence, or `grid`, rows of weights over the middle square.

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
        return max(weights, default=0.0) >= _NOTHING


def explain(*, model: TrainedModel, value: bytes | str, label: str) -> Explanation:
    """Why `model` gave `label` to `value`; raises what `predict` raises."""
    if model.task_type == TaskType.TEXT:
        return Explanation(label=label, parts=_weighed(model, str(value), label))
    from modelstore.prediction.picture_parts import hidden_squares, middle_square, spotlight

    assert isinstance(value, bytes)
    square = middle_square(value, int(model.manifest["preprocess"]["resize"]))
    grid: list[list[float]] = []
    whole = _log_odds(model, [_bmp(square)], label)[0]
    for row in hidden_squares(square, GRID, _SQUARE):
        grid.append(
            [round(whole - odds, 4) for odds in _log_odds(model, [_bmp(cell) for cell in row], label)]
        )
    return Explanation(label=label, grid=grid, picture=_jpeg(spotlight(square, grid, _NOTHING)))


def on_the_wire(explanation: Explanation) -> dict[str, Any]:
    """The explanation for programs."""
    if explanation.grid:
        return {"label": explanation.label, "grid": [list(row) for row in explanation.grid]}
    words = [
        {"text": part.text, "weight": part.weight} for part in explanation.parts if part.weight is not None
    ]
    return {"label": explanation.label, "words": words}


def _weighed(model: TrainedModel, sentence: str, label: str) -> list[Part]:
    spans = _spans(sentence)
    if not spans:
        return []
    without = [sentence[:start] + " " + sentence[end:] for start, end in spans]
    # A sentence of blanks is no input; what is left of the only word is a full stop.
    odds = _log_odds(model, [sentence, *(text if text.strip() else "." for text in without)], label)
    weights = [round(odds[0] - other, 4) for other in odds[1:]]
    most = max(*weights, _NOTHING)
    parts, last = [], 0
    for (start, end), weight in zip(spans, weights, strict=True):
        if start > last:
            parts.append(Part(sentence[last:start]))
        shade = 0 if weight < _NOTHING else max(1, round(_SHADES * weight / most))
        parts.append(Part(sentence[start:end], weight, shade))
        last = end
    return [*parts, Part(sentence[last:])] if last < len(sentence) else parts


def _spans(sentence: str) -> list[tuple[int, int]]:
    """Where the words stand; of a long sentence, runs of several words."""
    found: list[tuple[int, int]] = []
    for match in _WORDS.finditer(sentence):
        start, end = match.span()
        step = _PIECE if end - start > _LONG else end - start
        found += [(at, min(at + step, end)) for at in range(start, end, step)]
    together = math.ceil(len(found) / MOST_WORDS)
    return [
        (found[i][0], found[min(i + together, len(found)) - 1][1])
        for i in range(0, len(found), together or 1)
    ]


def _log_odds(model: TrainedModel, inputs: Sequence[bytes | str], label: str) -> list[float]:
    found = predict(model=model, inputs=inputs, top_k=len(model.classes))
    shares = [dict(prediction.top)[label] for prediction in found]
    return [math.log(max(share, _LEAST_SHARE) / max(1 - share, _LEAST_SHARE)) for share in shares]


def _bmp(pixels: "NDArray[np.uint8]") -> bytes:
    return _encoded(pixels, "BMP")


def _jpeg(pixels: "NDArray[np.uint8]") -> str:
    data = _encoded(pixels, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")


def _encoded(pixels: "NDArray[np.uint8]", format: str, **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()
