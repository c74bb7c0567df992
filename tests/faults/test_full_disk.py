"""A disk that is full, before an upload and during it: 507, nothing left, pages and metrics live."""

import http.client
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from flashsite.supervisor import shared_metrics
from modelstore.ground import temporary

MIB = 1024**2
HEAD = (
    b'--xx\r\nContent-Disposition: form-data; name="task_type"\r\n\r\ntextclassification\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="dataset"; filename="a.csv"\r\n\r\ninput,label\n'
)


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def upload(port: int, megabytes: int) -> tuple[int, str]:
    body = HEAD + b"some words,a label\n" * (megabytes * MIB // 19) + b"\r\n--xx--\r\n"
    kind = "multipart/form-data; boundary=xx"
    status, content = ask(port, "POST", "/api/v1/datasets/", body, **{"Content-Type": kind})
    return status, json.loads(content).get("code", "")


def announce(port: int, megabytes: int) -> tuple[int, str]:
    """The head of an upload alone: what is refused for its length is refused at once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/api/v1/datasets/")
    connection.putheader("Content-Type", "multipart/form-data; boundary=xx")
    connection.putheader("Content-Length", str(megabytes * MIB))
    connection.endheaders()
    answer = connection.getresponse()
    code = json.loads(answer.read())["code"]
    connection.close()
    return answer.status, code


def fill(disk: Path, leave: int) -> Path:
    """Takes all of `disk` but `leave` bytes."""
    path = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leave
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)
    return path


@pytest.mark.slow
def test_a_full_disk_refuses_uploads_and_nothing_else(
    make_site: Callable[..., Any], small_disk: Path
) -> None:
    site = make_site(small_disk / "var", FLASH_DISK_RESERVE="32M")
    site.start()
    assert announce(site.port, 100) == (507, "storage_full"), "it would leave no reserve"
    before = site.web_processes()
    assert site.temporary_files() == []
    ballast = fill(small_disk, leave=24 * MIB)
    assert announce(site.port, 2) == (507, "storage_full"), "the reserve is kept"
    ballast.unlink()
    site.manage("tick")
    assert (site.var / "reserve").exists()
    fill(small_disk, leave=0)
    for _ in range(5):
        assert upload(site.port, 0) == (507, "storage_full")
        assert ask(site.port, "GET", "/")[0] == 200
        assert ask(site.port, "GET", "/about/")[0] == 200
        assert ask(site.port, "GET", "/metrics")[0] == 200
    assert site.temporary_files() == []
    assert set(before) <= set(site.web_processes()), "nobody died of it"
    assert not (site.var / "reserve").exists(), "it was given up for the database"
    assert "disk alerts: 1" in site.manage("tick")


@pytest.mark.django_db
def test_a_disk_that_fills_up_during_an_upload_is_507_and_nothing_stays(
    client: Client, settings: Any, small_disk: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FLASH_DISK_RESERVE = 0
    data = SimpleUploadedFile("a.csv", b"input,label\n" + b"some words,a label\n" * (20 * MIB // 19))
    looks = iter([None])

    def once_enough(size: int = 0) -> None:
        """There is room when it is asked for; then others take it."""
        if next(looks, 0) is None:
            fill(small_disk, leave=4 * MIB)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(temporary, "check_room", once_enough)
        answer = client.post("/api/v1/datasets/", {"task_type": "textclassification", "dataset": data})
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


@pytest.mark.django_db
def test_the_reserve_is_looked_at_while_an_upload_comes_in(
    client: Client, settings: Any, small_disk: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FLASH_DISK_RESERVE = 96 * MIB
    data = SimpleUploadedFile("a.csv", b"input,label\n" + b"some words,a label\n" * (40 * MIB // 19))
    with pytest.MonkeyPatch.context() as patch:
        # As if the length had not been announced.
        patch.setattr("flashsite.middleware._no_room", lambda request, size: None)
        answer = client.post("/new/text/", {"dataset": data, "file": data})
    assert answer.status_code == 507
    assert list(small_disk.iterdir()) == []


def test_metrics_lie_in_memory_and_have_their_room(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    folder = shared_metrics.open_folder(tmp_path / "var", "127.0.0.1:1", memory=memory)
    assert folder is not None and folder.parent == memory
    for path in folder.iterdir():
        facts = path.stat()
        assert facts.st_blocks * 512 >= facts.st_size == MIB
    assert shared_metrics.open_folder(tmp_path / "var", "127.0.0.1:1", memory=memory) == folder
    elsewhere = shared_metrics.open_folder(tmp_path / "var", "127.0.0.1:1", memory=tmp_path / "none")
    assert elsewhere is not None and elsewhere.is_relative_to(tmp_path / "var")


def test_a_process_without_room_for_metrics_lives(small_disk: Path) -> None:
    """A hole in a mapped file is what killed: it is shown first, so that the test tests something."""
    fill(small_disk, leave=64 * 1024)
    hole = "import mmap,sys; f=open(sys.argv[1],'w+b'); f.truncate(1<<20); mmap.mmap(f.fileno(),0)[:]=b'x'*(1<<20)"
    assert subprocess.run([sys.executable, "-c", hole, str(small_disk / "hole")]).returncode < 0
    (small_disk / "hole").unlink()
    assert mmap.PAGESIZE <= 64 * 1024
    counting = (
        "import os,sys; from pathlib import Path; from prometheus_client import Counter, Histogram;"
        "from flashsite.supervisor import shared_metrics;"
        "folder=Path(sys.argv[1]); shared_metrics.begin_process(folder);"
        "c=Counter('a','b',['k']); [c.labels(str(i)).inc() for i in range(5000)];"
        "h=Histogram('c','d'); h.observe(1); print('alive')"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(small_disk)}
    done = subprocess.run(
        [sys.executable, "-c", counting, str(small_disk)], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "alive\n", done.stderr
