"""Small copies of pictures, and which are shown of an upload: a few, spread over the classes."""

import base64
import io
from collections import Counter
from collections.abc import Collection

from training.kinds.pictures.thumbnail import thumbnail

MOST = 24
_SIDE = 64


class Thumbnails:
    """`take` says whether a picture of a class should be one; `found` lists {label, source, data_uri}."""

    def __init__(self, labels: Collection[str]) -> None:
        ordered = sorted(labels)
        shown = [ordered[i * len(ordered) // MOST] for i in range(MOST)] if len(ordered) > MOST else ordered
        each, more = divmod(MOST, max(1, len(shown)))
        self._left = Counter({label: each + (i < more) for i, label in enumerate(shown)})
        self.found: list[dict[str, str]] = []

    def take(self, label: str) -> bool:
        """Reserves a place; `give_back` when the picture turns out to be unusable."""
        if self._left[label] <= 0:
            return False
        self._left[label] -= 1
        return True

    def give_back(self, label: str) -> None:
        """Frees a place that was reserved."""
        self._left[label] += 1

    def add(self, label: str, source: str, data_uri: str) -> None:
        if len(self.found) < MOST:
            self.found.append({"label": label, "source": source, "data_uri": data_uri})


def data_uri(picture: bytes | None) -> str | None:
    """A JPEG of at most 64 pixels a side; None for what is no picture."""
    small = None if picture is None else thumbnail(io.BytesIO(picture), _SIDE)
    return None if small is None else f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"
