"""Parts of files read one after another as if they were one file; nothing is copied for it."""

import io
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO, Any, NamedTuple


class Segment(NamedTuple):
    """`size` bytes of an open file, from `start` on."""

    file: IO[bytes]
    start: int
    size: int


class Segments(io.RawIOBase):
    """Reads and seeks in segments, which may be of the same file. Closing it closes the files."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        super().__init__()
        self._segments = segments
        self._size = sum(segment.size for segment in segments)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fewer bytes than asked for at the end of a segment; none after the last, or where a file is too short."""
        view, before = memoryview(buffer).cast("B"), 0
        for file, start, size in self._segments:
            inside = self._at - before
            if inside < size:
                file.seek(start + inside)
                found = file.read(min(len(view), size - inside))
                view[: len(found)] = found
                self._at += len(found)
                return len(found)
            before += size
        return 0

    def close(self) -> None:
        with ExitStack() as stack:
            for segment in self._segments:
                stack.callback(segment.file.close)
            super().close()


def buffered(segments: Sequence[Segment]) -> IO[bytes]:
    """The segments as a file whose `read(n)` answers n bytes unless it ends."""
    return io.BufferedReader(Segments(segments))
