"""The file of a backup: complete, or refused in words."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flashsite.backup import archive
from flashsite.backup.archive import FILES, ROWS, SURROUNDINGS, Archive, Writer
from flashsite.backup.refusal import Refused

FACTS = {"made": "2026-01-02T03:04:05+00:00", "database": "sqlite"}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole"
    with path.open("wb") as file:
        writer = Writer(file)
        writer.add(f"{FILES}jobs/1/1/model.onnx", [b"ab", b"", b"c" * 3000], 3002)
        writer.add_bytes(ROWS, b"rows" * 1000)
        writer.add_bytes(SURROUNDINGS, b"{}")
        writer.finish(dict(FACTS))
    return path


def copied(path: Path, tmp_path: Path) -> bytes:
    """All that is in it."""
    with Archive.open(path) as found:
        names = [*(FILES + key for key in found.stored()), ROWS]
        for number, name in enumerate(names):
            found.copy(name, tmp_path / f"copy{number}")
        found.read(SURROUNDINGS)
    return b"".join((tmp_path / f"copy{number}").read_bytes() for number in range(len(names)))


def test_what_went_in_comes_out(whole: Path, tmp_path: Path) -> None:
    assert copied(whole, tmp_path) == b"ab" + b"c" * 3000 + b"rows" * 1000
    assert (tmp_path / "copy0").stat().st_mode & 0o777 == 0o600
    with Archive.open(whole) as found:
        assert found.facts["made"] == FACTS["made"]
    with tarfile.open(whole) as tar:
        note = tar.extractfile("README.txt")
        assert note is not None and b"secrets" in note.read()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_one_that_was_cut_short_is_refused(whole: Path, tmp_path: Path, kept: float) -> None:
    content = whole.read_bytes().rstrip(b"\0")
    whole.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(Refused, match="damaged: it ends too early"):
        copied(whole, tmp_path)


@pytest.mark.parametrize("what", [b"ccc", b"rowsrows", b"secrets", b'"made"', b'"members"', b"jobs/1/1"])
def test_one_with_another_byte_is_refused(whole: Path, tmp_path: Path, what: bytes) -> None:
    content = whole.read_bytes()
    place = content.index(what)
    whole.write_bytes(content[:place] + b"X" + content[place + 1 :])
    with pytest.raises(Refused, match="Take another copy of the backup"):
        copied(whole, tmp_path)


def tar_of(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"-- PostgreSQL database dump\n" * 100),
        lambda path: tar_of(path, photos=b"x", more=b"y"),
    ],
    ids=["empty", "a dump", "a tar of something else"],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "other")
    with pytest.raises(Refused, match="is not a backup of Flash"):
        Archive.open(tmp_path / "other")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no file"):
        Archive.open(tmp_path / "nothing")


def test_a_later_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "VERSION", 7)
    with (tmp_path / "later").open("wb") as file:
        writer = Writer(file)
        writer.finish(dict(FACTS))
    monkeypatch.undo()
    with pytest.raises(Refused, match=r"newer version of Flash \(format 7; this one reads up to 1\)"):
        Archive.open(tmp_path / "later")


@pytest.mark.parametrize("name", ["files/../../etc/cron.d/x", "/etc/passwd", "files/a\\b"])
def test_names_stay_below_the_folder(tmp_path: Path, name: str) -> None:
    with (tmp_path / "bad").open("wb") as file:
        writer = Writer(file)
        writer.add_bytes(ROWS, b"")
        writer.add_bytes(SURROUNDINGS, b"{}")
        writer.add_bytes(name, b"x")
        writer.finish(dict(FACTS))
    with pytest.raises(Refused, match="is not what it lists"):
        Archive.open(tmp_path / "bad")


@pytest.mark.parametrize("announced", [2, 4])
def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path, announced: int) -> None:
    with (tmp_path / "new").open("wb") as file, pytest.raises(Refused, match="changed while it was read"):
        Writer(file).add("files/a", [b"abc"], announced)


def test_the_list_is_json_that_others_can_read(whole: Path) -> None:
    with tarfile.open(whole) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        members = json.load(manifest)["members"]
    assert members["rows"]["bytes"] == 4000 and len(members["rows"]["sha256"]) == 64
