"""A small copy of a picture for a page of results."""

import base64
import io

from training.kinds.pictures.thumbnail import thumbnail

_SIDE = 64


def data_uri(picture: bytes | None) -> str | None:
    """A JPEG of at most 64 pixels a side; None for what is no picture."""
    small = None if picture is None else thumbnail(io.BytesIO(picture), _SIDE)
    return None if small is None else f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"
