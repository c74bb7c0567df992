"""Single files packed with gzip, bzip2, xz or Zstandard, and tar archives; never more than the limits allow."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jobs.kinds.sentences.formats.contract import Source
from jobs.uploads.detection import HEAD_BYTES, refuse_by_head
from jobs.uploads.errors import UploadRefused, is_want_of_room
from jobs.uploads.findings import Notes
from training.ground.limits import MIB, Limits
from training.kinds.sentences import KIND

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh91AY&SY", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)
PACKED_SUFFIXES = {".gz", ".bz2", ".xz", ".zst"}
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, ValueError)


def find_packing(head: bytes) -> str:
    """ "gzip", "bzip2", "xz", "Zstandard" or "tar"; "" if it is none of them."""
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def unpacked(source: Source, packing: str) -> tuple[Source, bytes]:
    """A source of what is packed, unpacked anew each time it is opened, and its first bytes. Raises UploadRefused."""

    size = os.stat(source.path).st_size
    open_ = partial(_unpacking, source, packing, size)
    with open_() as file:
        head = file.read(HEAD_BYTES)
    if not find_packing(head):
        refuse_by_head(head, KIND)
        source.notes.repair("File", f"It was unpacked ({packing}).")
    return replace(source, open=open_, packed=True), head


def unpacked_entry(source: Source, size: int) -> Source:
    """A source of what is packed inside of a zip; the source itself if it is not packed after all."""
    with source.open() as file:
        packing = find_packing(file.read(HEAD_BYTES))
    if packing in ("", "tar"):
        return source
    return replace(source, open=partial(_unpacking, source, packing, size))


def _unpacking(source: Source, packing: str, size: int) -> BinaryIO:
    return io.BufferedReader(_Bounded(source, packing, size), MIB)


class _Bounded(io.RawIOBase):
    """Bytes of a packed file of `size` bytes, as many as the limits allow."""

    def __init__(self, source: Source, packing: str, size: int) -> None:
        self._limits = source.limits
        self._size = size
        self._packed = source.open()
        self._packing = packing
        self._read = 0
        self._file = _open(self._packed, packing)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        try:
            data = self._file.read(len(view))
        except _DAMAGED as error:
            raise _damaged(self._packing) from error
        self._read += len(data)
        most = min(self._limits.max_unpacked_bytes, max(MIB, self._limits.max_entry_ratio * self._size))
        if self._read > most:
            raise UploadRefused(
                f"Unpacked, the file is larger than {most / 1024**3:.3g} GB. Send fewer rows.",
                status=413,
                code="unpacked_too_large",
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        self._packed.close()
        super().close()


def _open(file: BinaryIO, packing: str) -> BinaryIO:
    if packing == "gzip":
        return gzip.open(file)  # type: ignore[return-value]
    if packing == "bzip2":
        return bz2.open(file)  # type: ignore[return-value]
    if packing == "xz":
        return lzma.open(file)  # type: ignore[return-value]
    import pyarrow

    try:
        return pyarrow.input_stream(file, compression="zstd")  # type: ignore[no-any-return]
    except MemoryError:
        # One of Arrow's, too.
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(packing) from error


@contextmanager
def tar_as_zip(path: Path, limits: Limits, notes: Notes) -> Iterator[Path]:
    """A zip with the files of a tar, so that all rules for zips hold for it, too. Raises UploadRefused."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "files.zip"
        try:
            with tarfile.open(path, "r|*") as tar, zipfile.ZipFile(made, "w") as target:
                _copy(tar, target, limits)
        except _DAMAGED as error:
            if isinstance(error, UploadRefused) or is_want_of_room(error):
                raise
            raise _damaged("tar") from error
        notes.repair("File", "It was unpacked (tar).")
        yield made


def _copy(tar: tarfile.TarFile, target: zipfile.ZipFile, limits: Limits) -> None:
    size = count = 0
    names: set[str] = set()
    for member in tar:
        if not member.isreg() or member.name in names:
            continue
        size, count = size + member.size, count + 1
        if size > limits.max_unpacked_bytes:
            raise UploadRefused(
                f"Unpacked, the tar is larger than {limits.max_unpacked_bytes / 1024**3:.3g} GB. Send fewer files.",
                status=413,
                code="unpacked_too_large",
            )
        if count > limits.max_pictures:
            raise UploadRefused(
                f"The tar has more than {limits.max_pictures:,} files. Send fewer files.",
                status=413,
                code="too_many_files",
            )
        names.add(member.name)
        source = tar.extractfile(member)
        name = member.name.removeprefix("./")
        if source is not None and name:
            with target.open(zipfile.ZipInfo(name), "w") as file:
                while chunk := source.read(MIB):
                    file.write(chunk)


def _damaged(packing: str) -> UploadRefused:
    return UploadRefused(
        f"The {packing} file is damaged or cut short. Pack it again, or send the table itself.",
        code="packed_damaged",
    )
