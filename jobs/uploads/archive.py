"""Reads zip files that nobody has reason to trust: bounded, streamed, nothing is ever extracted by its own name."""

import errno
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from jobs.uploads.detection import HEAD_BYTES, detect
from jobs.uploads.errors import UploadRefused, shown
from jobs.uploads.findings import Note
from jobs.uploads.name_encodings import Guess
from jobs.uploads.names import entry_path
from jobs.uploads.picture_lists import lists_pictures, pictures_in_cells
from jobs.uploads.right_form import choose_instead, right_form
from jobs.uploads.zip_directory import Directory
from jobs.uploads.zip_names import names_of
from training.ground.limits import MIB, Limits
from training.kinds import Kind

_ENCRYPTED, _STRONG_ENCRYPTION, _AES = 0x1, 0x40, 99
# bzip2 and LZMA expand without bound in one step of zipfile, so only these two are read.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METHOD_NAMES = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
# A flat bitmap of a few kilobytes may well shrink 500:1; only what is large can do harm.
_RATIO_MATTERS_FROM = 1 * MIB
_LOCAL_HEADER = 30
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    UnicodeDecodeError,
    OverflowError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a zip: the harmless parts of its name, and what zipfile knows of it."""

    parts: tuple[str, ...]
    info: zipfile.ZipInfo

    @property
    def where(self) -> str:
        return "/".join(self.parts)

    @property
    def size(self) -> int:
        """Bytes when unpacked, as the zip says; zipfile never yields more."""
        return self.info.file_size

    @property
    def suffix(self) -> str:
        """The lower-case suffix, such as ".jpg"."""
        return os.path.splitext(self.parts[-1])[1].lower()


class Archive:
    """The files of a zip for a kind of task, checked before any is read. Use `Archive.open`; raises UploadRefused.

    `repairs` tells what was done with odd names, `guess` in which code page names are that do not say it (None where
    all say it, or where it was chosen).
    """

    repairs: list[Note]
    guess: Guess | None

    def __init__(self, file: BinaryIO, limits: Limits, kind: Kind, names_encoding: str | None = None) -> None:
        self.kind = kind
        self._limits = limits
        self._unpacked = 0
        Directory.read(file).check(2 * limits.max_pictures + 1_000)
        try:
            with _damage("The zip"):
                self._zip = zipfile.ZipFile(file)
        except NotImplementedError as error:
            raise _unknown_compression("The zip", "a newer kind of zip") from error
        infos = self._zip.infolist()
        if not infos:
            raise UploadRefused(f"The zip is empty. {right_form(kind)}", code="upload_empty")
        _check_overlaps(infos, self._zip.start_dir)
        _check_sizes(infos, limits)
        names = names_of(infos, names_encoding)
        self.guess = names.guess
        self.repairs = list(names.repairs)
        entries = [
            entry for info, name in zip(infos, names.names, strict=True) if (entry := _entry(info, name))
        ]
        self.entries = _without_twins(entries, self.repairs)

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, limits: Limits, kind: Kind, names_encoding: str | None = None
    ) -> Iterator[Self]:
        """The zip at `path`, open for reading; `names_encoding` is that of names without the UTF-8 flag."""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if pictures := pictures_in_cells(head):
            raise UploadRefused(f"{pictures} {right_form(kind)}", status=415, code="not_a_zip")
        if detect(path, path.name, kind) != "zip":
            raise _not_a_zip(head, kind)
        with path.open("rb") as file:
            yield cls(file, limits, kind, names_encoding)

    def read(self, entry: Entry) -> bytes:
        """The whole entry; the caller has looked at its size. Everything read so far counts."""
        parts = []
        with self.stream(entry) as stream, _damage(entry.where):
            while chunk := stream.read(MIB):
                self._unpacked += len(chunk)
                if self._unpacked > self._limits.max_unpacked_bytes:
                    raise _too_large(self._limits)
                parts.append(chunk)
        return b"".join(parts)

    def head(self, entry: Entry, count: int = 512) -> bytes:
        """The first bytes of an entry."""
        with self.stream(entry) as stream, _damage(entry.where):
            return stream.read(count)

    def stream(self, entry: Entry) -> BinaryIO:
        """An entry open for reading; reading past damage raises zipfile's errors, see `damage`."""
        try:
            with _damage(entry.where):
                return self._zip.open(entry.info)  # type: ignore[return-value]
        except NotImplementedError as error:
            raise _unknown_compression(entry.where, "a method that is not supported") from error
        except RuntimeError as error:
            raise _encrypted(entry.where) from error


def _not_a_zip(head: bytes, kind: Kind) -> UploadRefused:
    if lists_pictures(head):
        sentence = (
            "This is a table that lists pictures, not the pictures themselves. Zip it together with them."
        )
    else:
        sentence = f"This is not a zip.{choose_instead('.csv', kind)}"
    return UploadRefused(f"{sentence} {right_form(kind)}", status=415, code="not_a_zip")


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Turns what zipfile raises on damaged files into a refusal."""
    try:
        yield
    except UploadRefused:
        raise
    except _DAMAGED as error:
        raise _damaged(where) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a seek to where no file can be
            raise
        raise _damaged(where) from error


damage = _damage


def _damaged(where: str) -> UploadRefused:
    return UploadRefused(
        f"{shown(where)} is damaged: its bytes do not match its checksum or it is cut short. "
        "Make the zip again and upload it.",
        code="zip_damaged",
    )


def _encrypted(where: str) -> UploadRefused:
    return UploadRefused(
        f"{shown(where)} is encrypted. Make the zip again without a password.",
        status=422,
        code="zip_encrypted",
    )


def _unknown_compression(where: str, method: str) -> UploadRefused:
    return UploadRefused(
        f"{shown(where)} is compressed with {method}. Make the zip again with ordinary compression (Deflate); "
        "Windows does this to zips beyond 2 GB, so make smaller ones.",
        status=422,
        code="zip_compression_unknown",
    )


def _too_large(limits: Limits) -> UploadRefused:
    return UploadRefused(
        f"Unpacked, the zip is larger than {limits.max_unpacked_bytes / 1024**3:.3g} GB. Send fewer or smaller files.",
        status=413,
        code="unpacked_too_large",
    )


def _check_overlaps(infos: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Files that share bytes multiply without any one of them looking odd (CVE-2024-0450)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    limits = [*(info.header_offset for info in ordered[1:]), end]
    for info, limit in zip(ordered, limits, strict=True):
        if info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.compress_size > limit:
            raise UploadRefused(
                f'"{shown(info.filename)}" overlaps another file inside the zip, so it was made to grow without end. '
                "Make a new, ordinary zip.",
                status=413,
                code="zip_overlaps",
            )


def _check_sizes(infos: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    for info in infos:
        if (
            info.file_size > _RATIO_MATTERS_FROM
            and info.file_size > limits.max_entry_ratio * max(1, info.compress_size)
            and info.compress_type != zipfile.ZIP_STORED
        ):
            raise UploadRefused(
                f'"{shown(info.filename)}" grows more than {limits.max_entry_ratio} times when unpacked. '
                "Leave it out, or save it without such strong compression.",
                status=413,
                code="zip_ratio",
            )
    if sum(info.file_size for info in infos) > limits.max_unpacked_bytes:
        raise _too_large(limits)


def _entry(info: zipfile.ZipInfo, name: str) -> Entry | None:
    """The entry of a file called `name`; None for a folder."""
    parts = entry_path(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a symbolic link" if kind == stat.S_IFLNK else "a device"
        raise UploadRefused(
            f'"{shown(name)}" is {what}, not a file. Replace it with the file itself and make the zip again.',
            status=422,
            code="zip_link",
        )
    if not parts or name.endswith(("/", "\\")) or kind == stat.S_IFDIR:
        return None
    if info.flag_bits & (_ENCRYPTED | _STRONG_ENCRYPTION) or info.compress_type == _AES:
        raise _encrypted("/".join(parts))
    if info.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        raise _unknown_compression("/".join(parts), method)
    return Entry(parts, info)


def _without_twins(entries: Sequence[Entry], repairs: list[Note]) -> list[Entry]:
    """One of each two files with the same name and the same bytes; two with other bytes both stay."""
    seen: dict[tuple[tuple[str, ...], int, int], Entry] = {}
    counts: dict[str, int] = {}
    for entry in entries:
        key = (entry.parts, entry.info.CRC, entry.info.file_size)
        if seen.setdefault(key, entry) is not entry:
            counts[entry.where] = counts.get(entry.where, 1) + 1
    for where, count in list(counts.items())[:1]:
        more = f", and {len(counts) - 1:,} other names are" if len(counts) > 1 else ""
        repairs.append(
            Note(shown(where, 200), f"This is {count} times in the zip{more}; the same bytes count once.")
        )
    return list(seen.values())
