"""The file of a backup: a plain tar whose last members list all others with their sizes and SHA-256."""

import hashlib
import json
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from flashsite.backup.refusal import Refused

FORMAT, VERSION = "flash-backup", 1
NOTE, ROWS, SURROUNDINGS = "README.txt", "rows", "settings.json"
FILES = "files/"
_MANIFEST, _SEAL = "manifest.json", "manifest.sha256"
_CHUNK = 1024**2
_LARGEST_MANIFEST = 512 * 1024**2
_NOTE_TEXT = """\
This is a backup of a Flash site; `manage.py restore FILE` puts it back.
It holds secrets: all tokens, accounts and API keys (rows), what people uploaded and trained (files/), and the secret
key and passwords of the site (settings.json). Whoever can read this file can do whatever the site's owner can.
"""
_DAMAGED = (
    "{path} is damaged: {why}. Nothing was restored. Take another copy of the backup, or an earlier one."
)


class Writer:
    """Writes an archive from its beginning to its end; `moved` is told of each piece's bytes."""

    def __init__(self, file: IO[bytes], moved: Callable[[int], None] = lambda count: None) -> None:
        self._file = file
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self._moved = moved
        self._members: dict[str, dict[str, Any]] = {}
        self.bytes = 0
        self.add_bytes(NOTE, _NOTE_TEXT.encode())

    def add(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Adds a member of `size` bytes. Raises Refused where there turn out to be more or fewer."""
        source = _Counted(iter(chunks), self._moved)
        try:
            self._tar.addfile(_header(name, size), source)
        except OSError as error:
            if source.has_ended:
                raise Refused(_CHANGED.format(name=name)) from error
            raise
        if not source.is_over():
            raise Refused(_CHANGED.format(name=name))
        self._members[name] = {"bytes": size, "sha256": source.digest.hexdigest()}

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, [content], len(content))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(name, iter(lambda: file.read(_CHUNK), b""), path.stat().st_size)

    def finish(self, facts: dict[str, Any]) -> None:
        """Adds what makes it whole; without it the archive is refused."""
        document = {"format": FORMAT, "version": VERSION, **facts, "members": self._members}
        manifest = json.dumps(document, ensure_ascii=False).encode()
        for name, content in (
            (_MANIFEST, manifest),
            (_SEAL, hashlib.sha256(manifest).hexdigest().encode()),
        ):
            self._tar.addfile(_header(name, len(content)), _Counted(iter([content]), self._moved))
        self._tar.close()
        self.bytes = self._file.tell()


_CHANGED = "{name} changed while it was read, so no backup was made. Try again."


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, int(time.time())
    return header


class _Counted:
    """Chunks as a file, for tarfile, which insists on as many bytes as it asks for."""

    def __init__(self, chunks: Iterator[bytes], moved: Callable[[int], None]) -> None:
        self._chunks, self._moved = chunks, moved
        self._left = b""
        self.digest = hashlib.sha256()
        self.has_ended = False

    def read(self, size: int = _CHUNK, /) -> bytes:
        parts, wanted = [], size
        while wanted and (self._left or self._fill()):
            part, self._left = self._left[:wanted], self._left[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def is_over(self) -> bool:
        return not self._left and not self._fill()

    def _fill(self) -> bool:
        self._left = next((chunk for chunk in self._chunks if chunk), b"")
        self.has_ended = not self._left
        self.digest.update(self._left)
        self._moved(len(self._left))
        return bool(self._left)


class Archive:
    """An archive whose list of contents is whole. What is in them is checked when it is copied out."""

    def __init__(self, path: Path, tar: tarfile.TarFile, facts: dict[str, Any]) -> None:
        self.path, self.facts = path, facts
        self._tar = tar
        self._members: dict[str, dict[str, Any]] = facts["members"]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises Refused, in words, for what is no backup, a damaged one, or one of a later version."""
        try:
            tar = tarfile.open(path, "r:")  # noqa: SIM115 - the archive closes it
        except FileNotFoundError:
            raise Refused(f"There is no file {path}.") from None
        except (tarfile.TarError, EOFError):
            raise Refused(f"{path} is not a backup of Flash.") from None
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}.") from error
        try:
            first = tar.next()
            if first is None or first.name != NOTE:
                raise Refused(f"{path} is not a backup of Flash.")
            archive = cls(path, tar, _facts(path, tar))
            archive.read(NOTE)
            return archive
        except tarfile.TarError as error:
            tar.close()
            raise _damaged(path, "it ends too early") from error
        except BaseException:
            tar.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(int(member["bytes"]) for member in self._members.values())

    def stored(self) -> list[str]:
        """The keys of the stored files in it, in the order in which they lie there."""
        return [name.removeprefix(FILES) for name in self._members if name.startswith(FILES)]

    def copy(self, name: str, target: Path, moved: Callable[[int], None] = lambda count: None) -> None:
        """Writes a member to a new file, which only its owner may read; Refused where it is not what was put in."""
        digest, left = hashlib.sha256(), int(self._members[name]["bytes"])
        source = self._tar.extractfile(name)
        assert source is not None, name
        with source, target.open("xb") as file:
            target.chmod(0o600)
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
                moved(len(chunk))
                left -= len(chunk)
        if left or digest.hexdigest() != self._members[name]["sha256"]:
            raise _damaged(self.path, f"{name} is not what was put in")

    def read(self, name: str) -> bytes:
        """A small member as a whole; raises as `copy` does."""
        source = self._tar.extractfile(name)
        assert source is not None, name
        content = source.read()
        if hashlib.sha256(content).hexdigest() != self._members[name]["sha256"]:
            raise _damaged(self.path, f"{name} is not what was put in")
        return content


def _facts(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    there = {member.name: member for member in tar.getmembers()}
    if _MANIFEST not in there or _SEAL not in there:
        raise _damaged(path, "it ends too early")
    manifest = _small(tar, there[_MANIFEST], path)
    if hashlib.sha256(manifest).hexdigest().encode() != _small(tar, there[_SEAL], path):
        raise _damaged(path, "its list of contents was changed")
    facts: dict[str, Any] = json.loads(manifest)
    if facts.get("format") != FORMAT:
        raise Refused(f"{path} is not a backup of Flash.")
    if facts["version"] > VERSION:
        raise Refused(
            f"{path} was made by a newer version of Flash (format {facts['version']}; this one reads up to {VERSION}). "
            "Upgrade the code, then restore."
        )
    _check_members(path, there, facts["members"])
    return facts


def _small(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    source = tar.extractfile(member) if member.size <= _LARGEST_MANIFEST else None
    if source is None:
        raise _damaged(path, "its list of contents makes no sense")
    return source.read()


def _check_members(path: Path, there: dict[str, tarfile.TarInfo], listed: dict[str, dict[str, Any]]) -> None:
    if set(there) != set(listed) | {_MANIFEST, _SEAL} or not {ROWS, SURROUNDINGS} <= set(listed):
        raise _damaged(path, "what is in it is not what it lists")
    for name, facts in listed.items():
        if not there[name].isreg() or there[name].size != facts["bytes"] or not _is_plain(name):
            raise _damaged(path, f"{name!r} is not what it lists")


def _is_plain(name: str) -> bool:
    """Whether it stays below any folder that it is put into."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and "\\" not in name


def _damaged(path: Path, why: str) -> Refused:
    return Refused(_DAMAGED.format(path=path, why=why))
