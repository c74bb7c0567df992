"""Which squares of a picture its label rests on."""

import base64
import io
from typing import TYPE_CHECKING, Any

from modelstore.models import TrainedModel
from modelstore.prediction.explanation import NOTHING, Explanation, log_odds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRID = 7
# A hidden square is this share of the side, and the next one begins half of it further.
_SQUARE = 2 / (GRID + 1)


def explain(*, model: TrainedModel, value: bytes, label: str) -> Explanation:
    """See `modelstore.web.contract`."""
    # Here, because it needs numpy and Pillow: the web starts without.
    from modelstore.kinds.pictures.parts import hidden_squares, seen_square, spotlight

    square = seen_square(value, model.manifest["preprocess"])
    grid: list[list[float]] = []
    whole = log_odds(model, [_bmp(square)], label)[0]
    for row in hidden_squares(square, GRID, _SQUARE):
        grid.append([round(whole - odds, 4) for odds in log_odds(model, [_bmp(cell) for cell in row], label)])
    return Explanation(label=label, grid=grid, picture=_jpeg(spotlight(square, grid, NOTHING)))


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
