"""What reads uploads can do no harm, whatever a file makes of it."""

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.uploads.errors import UploadRefused
from jobs.uploads.reader.client import READERS
from jobs.uploads.reader.order import Bounds, Order, ReaderBroke
from training.ground.limits import GIB, MIB, Limits

pytestmark = pytest.mark.slow
Ask = Callable[..., Any]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    (tmp_path / "upload").write_text("mine")
    (tmp_path / "scratch").mkdir()

    def asked(deed: str, seconds: int = 30, file_bytes: int = 16 * MIB, **options: Any) -> Any:
        order = Order(
            module="tests.jobs.uploads.hostile",
            function="look",
            arguments={"path": str(tmp_path / "upload"), "name": deed, "options": options},
            limits=Limits(max_unpacked_bytes=16 * MIB),
            bounds=Bounds(memory=GIB // 2, seconds=seconds, file_bytes=file_bytes),
            reads=[str(tmp_path / "upload")],
            writes=[str(tmp_path / "scratch")],
        )
        return READERS.ask(order, [order.module])

    return asked


def test_it_knows_no_secrets(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    READERS.close()
    monkeypatch.setenv("FLASH_SECRET_KEY", "hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    environment = ask("environment")
    assert not [name for name in environment if name.startswith(("FLASH", "AWS"))]
    assert environment["PATH"] == os.environ["PATH"]


def test_pages_and_predictions_come_before_it(ask: Ask) -> None:
    READERS.close()
    assert ask("niceness") == min(os.nice(0) + 15, 19)


def test_memory_is_bounded_and_the_refusal_says_so(ask: Ask) -> None:
    assert ask("memory", bytes=64 * MIB) == 64 * MIB
    with pytest.raises(UploadRefused, match="more memory") as refused:
        ask("memory", bytes=GIB)
    assert (refused.value.status, refused.value.code) == (413, "unpacked_too_large")


@pytest.mark.parametrize("busy", [True, False])
def test_time_is_bounded(ask: Ask, busy: bool) -> None:
    started = time.monotonic()
    with pytest.raises(UploadRefused, match="more than 1 minute") as refused:
        ask("forever", seconds=1, busy=busy)
    assert refused.value.status == 413
    assert time.monotonic() - started < 20


def test_a_crash_is_a_refusal(ask: Ask) -> None:
    with pytest.raises(UploadRefused, match="crashed") as refused:
        ask("crash")
    assert refused.value.status == 422
    assert ask("memory", bytes=1) == 1


def test_files_are_bounded(ask: Ask) -> None:
    ask("large_file", bytes=8 * MIB)
    with pytest.raises(UploadRefused, match=r"(?s)Unpacked.*Send fewer") as refused:
        ask("large_file", bytes=64 * MIB)
    assert (refused.value.status, refused.value.code) == (413, "unpacked_too_large")


def test_a_file_for_which_the_disk_has_no_room_is_not_the_uploads_fault(ask: Ask) -> None:
    with pytest.raises(OSError, match="no room") as raised:
        ask("large_file", file_bytes=4 * MIB, bytes=8 * MIB)
    assert raised.value.errno == errno.ENOSPC


def test_answers_are_bounded(ask: Ask) -> None:
    with pytest.raises(UploadRefused):
        ask("long_answer")


def test_nothing_that_it_starts_outlives_it(ask: Ask) -> None:
    pid = ask("leave_another")
    assert _is_gone(pid)


def test_our_own_mistakes_are_told_with_their_place(ask: Ask) -> None:
    with pytest.raises(ReaderBroke, match=r"(?s)hostile\.py.*a mistake of ours"):
        ask("mistake")


@pytest.mark.landlock
def test_it_opens_no_files_but_its_own(ask: Ask, tmp_path: Path) -> None:
    other = tmp_path / "secret_key"
    other.write_text("hidden")
    assert ask("read", path=str(tmp_path / "upload")) == "mine"
    for path in (other, Path(f"/proc/{os.getpid()}/environ"), Path("/etc/passwd")):
        with pytest.raises(OSError, match="Permission denied"):
            ask("read", path=str(path))
    with pytest.raises(OSError, match="Permission denied"):
        ask("write", path=str(tmp_path / "upload"))


@pytest.mark.landlock
def test_it_reaches_no_network(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError, match="Permission denied"):
        ask("connect", port=server.getsockname()[1])


def test_several_at_once_do_not_wait_for_each_other(ask: Ask) -> None:
    def wait() -> None:
        with pytest.raises(UploadRefused):
            ask("forever", 3, busy=False)

    waiting = threading.Thread(target=wait)
    waiting.start()
    started = time.monotonic()
    assert ask("memory", bytes=1) == 1
    assert waiting.is_alive() or time.monotonic() - started > 3
    waiting.join()


def test_a_server_that_was_killed_is_started_anew(ask: Ask) -> None:
    server = ask("server")
    os.kill(server, signal.SIGKILL)
    assert ask("memory", bytes=1) == 1
    assert ask("server") != server


def test_it_ends_with_the_process_that_asks(ask: Ask) -> None:
    server = ask("server")
    READERS.close()
    assert _is_gone(server)


def _is_gone(pid: int) -> bool:
    """Within a few seconds; one that nobody has waited for yet counts."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
