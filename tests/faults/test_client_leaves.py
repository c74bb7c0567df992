"""A client that leaves, or a web process that is killed, in the middle of an upload: no file stays."""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.upkeep.sweep import sweep
from modelstore.ground import temporary

MIB = 1024**2
HEAD = (
    b"POST /api/v1/datasets/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n"
    b"Content-Type: multipart/form-data; boundary=xx\r\n\r\n"
    b'--xx\r\nContent-Disposition: form-data; name="task_type"\r\n\r\ntextclassification\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="dataset"; filename="a.csv"\r\n\r\ninput,label\n'
)


def begin_upload(site: Any) -> socket.socket:
    """An upload of 50 MB of which some have arrived."""
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=30)
    connection.sendall(HEAD + b"some words,a label\n" * (4 * MIB // 19))
    site.wait_until(lambda: len(site.temporary_files()) == 1)
    return connection


@pytest.mark.slow
def test_a_client_that_leaves_and_a_killed_process_leave_no_file(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = make_site(tmp_path / "var")
    site.start()
    for _ in range(3):
        begin_upload(site).close()
        site.wait_until(lambda: site.temporary_files() == [])

    held = begin_upload(site)
    for pid in site.web_processes():
        os.kill(pid, signal.SIGKILL)
    held.close()
    assert len(site.temporary_files()) == 1
    site.stop()
    _make_old(site.var / "tmp" / site.temporary_files()[0], 120)
    site.start()
    assert site.temporary_files() == []


def _make_old(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_the_sweep_takes_old_orphans_and_nothing_that_somebody_holds(db: None, settings: Any) -> None:
    root = Path(settings.FILE_UPLOAD_TEMP_DIR)
    (root / "sessions").mkdir()
    orphan, young, held = (root / f"tmp{name}.upload.zip" for name in ("orphan", "young", "held"))
    for file in (orphan, young, held):
        file.write_bytes(b"x")
    folder = root / f"{temporary.FOLDER_PREFIX}left"
    folder.mkdir()
    (folder / "upload").write_bytes(b"x")
    for path in (orphan, held, folder, root / "sessions"):
        _make_old(path, 2 * 3600)
    with held.open("rb") as handle, temporary.folder() as mine:
        _make_old(mine, 2 * 3600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert sweep(thorough=False).temporary_removed == 2
        assert {path.name for path in root.iterdir()} == {"sessions", young.name, held.name, mine.name}
        assert temporary.remove_orphans() == 0
    assert temporary.remove_orphans() == 1, "nobody holds it any more"
