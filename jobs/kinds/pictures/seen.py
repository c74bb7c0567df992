"""What is known of each picture of a zip, as a short text: what was decoded once need not be decoded again."""

import base64
import binascii
import zlib
from array import array
from collections.abc import Sequence
from itertools import chain

UNSEEN, GOOD, LEFT_OUT = range(3)


class Seen:
    """One of the above for each picture, in the order of the plan: they are where each begins, and its checksum.

    `earlier` is what `to_text` gave for this zip before; it counts only where it is of the same pictures.
    """

    def __init__(self, pictures: Sequence[tuple[int, int]], earlier: str = "") -> None:
        count = len(pictures)
        self._plan = f"{zlib.crc32(array('Q', chain.from_iterable(pictures))):08x}:{count}:"
        self._found = bytearray(count)
        if earlier.startswith(self._plan):
            self._found[:] = _unpacked(earlier[len(self._plan) :], count)

    def __getitem__(self, place: int) -> int:
        return self._found[place]

    def __setitem__(self, place: int, what: int) -> None:
        self._found[place] = what

    @property
    def unseen(self) -> int:
        """How many pictures are UNSEEN."""
        return self._found.count(UNSEEN)

    def to_text(self) -> str:
        """A few hundred characters where most pictures are good."""
        return self._plan + base64.b64encode(zlib.compress(self._found)).decode("ascii")


def _unpacked(text: str, count: int) -> bytes:
    """All UNSEEN where the text is damaged."""
    try:
        found = zlib.decompressobj().decompress(base64.b64decode(text), count)
    except (binascii.Error, zlib.error):
        return bytes(count)
    return found if len(found) == count else bytes(count)
