"""What pictures are like, see `training.evaluation.traits`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from training.evaluation.traits import Trait

# Brightness is read from so small a picture; of JPEGs hardly more is decoded. Larger ones of other formats take too
# long for it.
_SMALL, _MOST_PIXELS = 32, 1_500_000
_LONG = 1.5
# Of others only few are met, and some of Pillow's readers start other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")


def traits(items: Sequence[Path], threads: int) -> list[Trait]:
    """How large, how bright and how full of contrast they are, and of which shape."""
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(_look, items))
    columns = np.array([row[:3] for row in found], float).reshape(len(found), 3).T
    return [
        Trait(name="shorter side", unit="pixels", numbers=columns[0], in_ratios=True),
        Trait(name="brightness", unit="%", numbers=columns[1]),
        Trait(name="contrast", unit="%", numbers=columns[2]),
        Trait(name="shape", words=[row[3] for row in found]),
    ]


def _look(path: Path) -> tuple[float, float, float, str]:
    """Shorter side in pixels, mean and deviation of the brightness in percent, shape; nan where it cannot be read."""
    nothing = float("nan")
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            width, height = picture.size
            ratio = width / max(height, 1)
            shape = "wide" if ratio > _LONG else "tall" if ratio < 1 / _LONG else "about square"
            if picture.format != "JPEG" and width * height > _MOST_PIXELS:
                return float(min(width, height)), nothing, nothing, shape
            picture.draft("L", (_SMALL, _SMALL))
            grey = np.asarray(picture.convert("L").resize((_SMALL, _SMALL)), np.float32) / 2.55
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return nothing, nothing, nothing, "unknown"
    return float(min(width, height)), float(grey.mean()), float(grey.std()), shape
