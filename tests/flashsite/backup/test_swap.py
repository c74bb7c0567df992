"""The last step of a restore, interrupted anywhere."""

import os
from pathlib import Path
from typing import Any

import pytest

from flashsite.backup import swap
from flashsite.backup.swap import Journal
from flashsite.checks import no_restore_is_half_done

OLD = {
    "flash.sqlite3": "old rows",
    "flash.sqlite3-wal": "old log",
    "media/a": "old file",
    "secret_key": "old key",
}
NEW = {"flash.sqlite3": "new rows", "media/b": "new file", "secret_key": "new key"}


class Dead(BaseException):
    """The process is gone."""


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.FLASH_VAR_DIR = tmp_path / "var"
    for folder, contents in ((tmp_path / "var", OLD), (tmp_path / "var" / swap.STAGING, NEW)):
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    return tmp_path / "var"


@pytest.fixture
def journal(var: Path) -> Journal:
    return Journal(
        stamp="20260101-000000",
        targets=[str(var / name) for name in ("flash.sqlite3", "media", "secret_key", "not-there")],
        retired=[str(var / "flash.sqlite3-wal"), str(var / "runs")],
    )


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("renames", range(9))
def test_it_is_finished_wherever_it_was_interrupted(
    var: Path, journal: Journal, renames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.is_complete = True
    journal.write()
    assert no_restore_is_half_done()[0].id == "flash.E006"
    real, left = os.rename, [renames]

    def rename(source: Any, target: Any) -> None:
        if not left[0]:
            raise Dead
        left[0] -= 1
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(swap.os, "rename", rename)
        try:
            swap.finish(journal)
        except Dead:
            # A command that starts makes a key where there is none.
            (var / "secret_key").touch()
    swap.recover()
    assert swap.recover() == ""
    aside = var / "before-restore-20260101-000000"
    assert contents(aside) == OLD
    kept = {name: text for name, text in contents(var).items() if not name.startswith("before-restore")}
    assert kept == NEW
    assert not (var / swap.STAGING).exists() and no_restore_is_half_done() == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_root_restores_is_its_owners(var: Path, journal: Journal) -> None:
    os.chown(var, 12345, 12346)
    swap.hand_over(journal, var)
    journal.is_complete = True
    swap.finish(journal)
    for name in ("flash.sqlite3", "media", "media/b", "secret_key"):
        assert ((var / name).stat().st_uid, (var / name).stat().st_gid) == (12345, 12346)


def test_one_that_was_not_complete_is_undone(var: Path, journal: Journal) -> None:
    journal.write()
    assert "undone" in swap.recover()
    assert contents(var) == OLD and not (var / swap.STAGING).exists()
    assert swap.recover() == "" and no_restore_is_half_done() == []
