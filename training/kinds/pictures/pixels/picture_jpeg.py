"""JPEGs of which the end is missing, and how many scans one has.

Stands alone: it is copied into bundles.
"""

import re
from collections.abc import Iterator

import numpy as np
from PIL import Image

END = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_SCAN, _LAST = 0xDA, 0xD9
# Rows of a block, at most.
_BLOCK = 16
_GREY = 128


def jpeg_markers(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, where it is) of a JPEG's segments, up to the end of its first picture."""
    at = 2
    while found := _MARKER.search(data, at):
        at = found.start()
        marker = data[at + 1]
        yield marker, at
        if marker == _LAST:
            return
        at += 2 + (int.from_bytes(data[at + 2 : at + 4]) if marker != 0xD8 else 0)


def is_whole_but_for_its_end(data: bytes) -> bool:
    """Whether the last scan that a JPEG begins is the one that completes it, as far as its header tells."""
    last = None
    for marker, at in jpeg_markers(data):
        if marker == _LAST:
            return False
        last = at if marker == _SCAN else last
    if last is None or b"\xff\xc2" not in data[:last]:
        return last is not None
    # Progressive: the last scan brings the last bit of coefficients.
    length = int.from_bytes(data[last + 2 : last + 4])
    end = last + 2 + length
    return end <= len(data) and data[end - 1] & 0x0F == 0


def misses_rows(image: Image.Image, height: int) -> bool:
    """Whether more than a row of blocks is missing below, of a decoded picture that is `height` high as stored.

    The decoder fills what is missing with grey.
    """
    rows = np.asarray(image.convert("L"))
    grey = (rows == _GREY).all(axis=1)[::-1]
    missing = len(grey) if grey.all() else int(grey.argmin())
    return missing > max(1, _BLOCK * len(rows) // height)
