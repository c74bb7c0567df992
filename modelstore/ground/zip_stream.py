"""A zip archive as it is written: members are stored, not compressed (weights do not shrink)."""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO

_CHUNK = 1024**2
# Lengths fixed by the format (APPNOTE.TXT 4.3): a member's header, descriptor and entry, and the end record.
_PER_MEMBER = 30 + 16 + 46
_END = 22


class _Sink:
    """Takes what ZipFile writes until it is handed on; has no place to seek in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def zip_chunks(members: Mapping[str, tuple[IO[bytes], int]], *, modified: datetime) -> Iterator[bytes]:
    """The archive of `members`: name to (open file, its size in bytes), in pieces of about 1 MiB."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for name, (handle, size) in members.items():
            info = zipfile.ZipInfo(name, date_time=modified.timetuple()[:6])
            info.external_attr = 0o644 << 16
            info.file_size = size
            with archive.open(info, "w") as member:
                while chunk := handle.read(_CHUNK):
                    member.write(chunk)
                    yield sink.take()
    yield sink.take()


def zip_size(sizes: Mapping[str, int]) -> int | None:
    """The length in bytes of the archive of members with these names and sizes; None beyond 2 GiB."""
    total = sum(size + _PER_MEMBER + 2 * len(name.encode()) for name, size in sizes.items()) + _END
    # ZipFile goes over to the larger zip64 records a little before the limit.
    return total if total * 1.05 < zipfile.ZIP64_LIMIT else None
