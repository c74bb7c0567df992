"""A training sees its own data and nothing of others', and reaches no network but for its weights."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from training.ground import confinement
from training.ground.confinement import HIDDEN_VARIABLE

pytestmark = [pytest.mark.slow, pytest.mark.landlock]
# Tries each deed after the lock; prints what went wrong, by deed.
_TRIES = """
import json, os, resource, socket, sys, tempfile
from pathlib import Path
from training.ground.confinement import confine_training

run, deeds = Path(sys.argv[1]), json.loads(sys.argv[2])
confine_training(run)
found = {}
for name, (what, where) in deeds.items():
    try:
        if what == "read":
            Path(where).read_bytes()
        elif what == "write":
            Path(where).write_text("x")
        elif what == "connect":
            socket.create_connection(("127.0.0.1", where), timeout=5).close()
        elif what == "temporary":
            tempfile.TemporaryFile().close()
        elif what == "import":
            __import__(where)
        found[name] = ""
    except OSError as error:
        found[name] = type(error).__name__
found["score"] = Path("/proc/self/oom_score_adj").read_text().strip()
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
print(json.dumps(found))
"""


def tried(var: Path, hidden: str | None = None, **deeds: tuple[str, Any]) -> dict[str, Any]:
    run = var / "runs" / "1" / "1"
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.json").write_text("{}")
    environment = os.environ | {
        HIDDEN_VARIABLE: str(var) if hidden is None else hidden,
        "FLASH_WEIGHTS_DIR": str(var / "weights"),
    }
    (var / "weights").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _TRIES, str(run), json.dumps(deeds)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def var(tmp_path: Path) -> Path:
    folder = tmp_path / "site" / "var"
    for name in ("media", "runs/2/1"):
        (folder / name).mkdir(parents=True)
    (folder / "flash.sqlite3").write_text("rows")
    (folder / "media" / "other.zip").write_text("of somebody else")
    (tmp_path / "site" / "code.py").write_text("code")
    return folder


def test_it_sees_its_own_run_and_the_weights_and_nothing_else_of_the_site(var: Path) -> None:
    run = var / "runs" / "1" / "1"
    found = tried(
        var,
        own=("read", str(run / "config.json")),
        written=("write", str(run / "bundle")),
        weights=("write", str(var / "weights" / "a.pth")),
        code=("read", str(var.parent / "code.py")),
        numpy=("import", "numpy"),
        temporary=("temporary", ""),
        database=("read", str(var / "flash.sqlite3")),
        others=("read", str(var / "media" / "other.zip")),
        another=("write", str(var / "runs" / "2" / "1" / "x")),
        parent=("read", f"/proc/{os.getpid()}/environ"),
    )
    for allowed in ("own", "written", "weights", "code", "numpy", "temporary"):
        assert found[allowed] == "", allowed
    # Root may read any environment, whatever locks it in.
    for hidden in ("database", "others", "another", *(["parent"] if os.geteuid() else [])):
        assert found[hidden] == "PermissionError", hidden
    assert (found["score"], found["core"]) == ("1000", 0)


def test_it_reaches_no_port_but_that_of_https(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = tried(var, database=("connect", server.getsockname()[1]), https=("connect", 443))
    assert found["database"] == "PermissionError"
    assert found["https"] in ("ConnectionRefusedError", ""), "allowed, though nobody listens here"


def test_a_link_does_not_lead_to_what_is_hidden(var: Path) -> None:
    (var.parent / "link").symlink_to(var / "media")
    (var.parent / "up").symlink_to(var.parent)
    found = tried(
        var,
        link=("read", str(var.parent / "link" / "other.zip")),
        up=("read", str(var.parent / "up" / "var" / "flash.sqlite3")),
    )
    assert (found["link"], found["up"]) == ("PermissionError", "PermissionError")


def test_without_folders_to_hide_nothing_changes(var: Path) -> None:
    found = tried(var, hidden="", database=("read", str(var / "flash.sqlite3")))
    assert (found["database"], found["score"]) == ("", Path("/proc/self/oom_score_adj").read_text().strip())


def test_of_a_folder_that_cannot_be_listed_the_way_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "top"
    (top / "home" / "me" / "var").mkdir(parents=True)
    (top / "home" / "me" / "code").mkdir()
    listed = Path.iterdir

    def iterdir(self: Path) -> Any:
        if self.name == "home":
            raise PermissionError
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = set(confinement._beside(top, [top / "home" / "me" / "var"]))
    assert found == {top / "home" / "me" / "code"}
