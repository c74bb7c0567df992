"""The supervisor's parts: ports, lock, socket path, Redis, output, one child."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flashsite import redis_socket
from flashsite.supervisor import child as child_module
from flashsite.supervisor import lock, plan, ports, redis_server
from flashsite.supervisor.child import Child
from flashsite.supervisor.console import Console
from flashsite.supervisor.plan import Program
from tests.redis_process import RedisProcess


def wait_for(condition: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    """Whether `condition` becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_it_refuses_a_taken_port_and_says_what_to_do(taken_port: int) -> None:
    with pytest.raises(ports.PortUnavailable, match=f"PORT={taken_port + 1}"):
        ports.choose("127.0.0.1", taken_port)


def test_it_picks_the_next_free_port_when_none_is_given(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "DEFAULT_PORT", taken_port)
    assert ports.choose("127.0.0.1", None) > taken_port


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99_999), ("198.51.100.7", 8000)])
def test_it_refuses_an_impossible_address_in_a_sentence(host: str, port: int) -> None:
    with pytest.raises(ports.PortUnavailable, match=r"[.]"):
        ports.choose(host, port)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://localhost:80/"),
        ("0.0.0.0", "http://localhost:80/"),
        ("10.1.2.3", "http://10.1.2.3:80/"),
        ("fe80::1", "http://[fe80::1]:80/"),
    ],
)
def test_it_prints_an_address_that_a_browser_understands(host: str, expected: str) -> None:
    assert ports.url(host, 80) == expected


def test_a_second_start_in_the_same_folder_is_refused_with_the_first_ones_address(tmp_path: Path) -> None:
    handle = lock.acquire(tmp_path)
    try:
        lock.describe(handle, "process 7, http://localhost:8000/")
        with pytest.raises(lock.AlreadyRunning, match="process 7, http://localhost:8000/"):
            lock.acquire(tmp_path)
    finally:
        os.close(handle)
    os.close(lock.acquire(tmp_path))


def test_the_socket_lies_in_var_when_its_path_is_short_enough() -> None:
    assert redis_socket.path(Path("/srv/flash/var")) == Path("/srv/flash/var/redis/redis.sock")


def test_a_long_path_gets_a_short_socket_that_differs_from_folder_to_folder() -> None:
    deep = Path("/srv") / ("x" * 120)
    short = redis_socket.path(deep)
    assert len(os.fsencode(short)) < redis_socket.MAX_PATH_BYTES
    assert short == redis_socket.path(deep)
    assert short != redis_socket.path(deep / "y")


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "flash").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        redis_socket.prepare_folder(tmp_path / "flash" / "redis.sock")


def test_redis_from_the_path_is_preferred_to_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "valkey-server"
    installed.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_binary() == installed


def test_without_any_redis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(redis_server.RedisMissing, match="apt install redis-server"):
        redis_server.find_binary()


@pytest.mark.redis
def test_a_redis_left_over_is_shut_down() -> None:
    with RedisProcess() as redis:
        assert redis_server.stop_orphan(redis.path)
        assert not redis_server.answers(redis.path)
        assert not redis_server.stop_orphan(redis.path)


def test_a_web_only_machine_runs_no_training_worker(tmp_path: Path) -> None:
    made = plan.make(
        var_dir=tmp_path, host="::1", port=8000, site="localhost", training=False, own_redis=False
    )
    assert [program.name for program in made.programs] == ["web", "control"]
    assert made.redis is None
    assert made.programs[0].environment["FLASH_BIND"] == "[::1]:8000"


def test_output_is_prefixed_and_plain_where_nobody_looks() -> None:
    stream = io.StringIO()
    Console(stream).line("web", "hello")
    assert stream.getvalue() == "web      | hello\n"


def test_a_closed_terminal_is_noticed() -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    console = Console(Closed())
    console.say("to nobody")
    assert console.broken


@pytest.fixture
def start() -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def starter(script: str) -> Child:
        child = Child(Program(name="web", command=(sys.executable, "-c", script)))
        child.start()
        children.append(child)
        return child

    yield starter
    for child in children:
        if child.process is not None:
            child.signal(signal.SIGKILL)
            child.bury(restart=False)


def read_all(child: Child) -> list[str]:
    lines: list[str] = []
    while True:
        try:
            for line in child.read_lines():
                lines.append(line)  # EOFError must not lose what came before it
        except EOFError:
            return lines


def test_its_output_comes_in_whole_lines_also_without_a_last_newline(start: Callable[[str], Child]) -> None:
    assert read_all(start("print('one'); print('two', end='')")) == ["one", "two"]


def test_one_that_dies_at_once_is_given_up_after_some_tries(start: Callable[[str], Child]) -> None:
    child = start("raise SystemExit(3)")
    for _ in range(child_module.MAX_QUICK_DEATHS):
        assert not child.is_hopeless
        if child.process is None:
            child.start()
        assert wait_for(child.died)
        assert child.bury(restart=True) == "ended with status 3"
    assert child.is_hopeless


def test_one_that_lived_for_a_while_is_simply_started_again(
    start: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "STEADY_SECONDS", 0.0)
    child = start("import os; os.kill(os.getpid(), 9)")
    assert wait_for(child.died)
    assert child.bury(restart=True) == "was killed by SIGKILL"
    assert child.quick_deaths == 0
    assert child.restart_at is not None


def test_a_child_and_its_group_die_together(start: Callable[[str], Child]) -> None:
    child = start(
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    assert child.process is not None
    assert os.getpgid(child.process.pid) == child.process.pid
    child.signal(signal.SIGKILL)
    assert wait_for(child.died)


def test_a_tethered_process_dies_with_its_killed_parent() -> None:
    grandchild = "import time; time.sleep(60)"
    parent = (
        "import os, subprocess, sys, time; from flashsite.supervisor import tether; me = os.getpid();"
        f"p = subprocess.Popen([sys.executable, '-c', {grandchild!r}],"
        " preexec_fn=lambda: tether.die_with_parent(parent=me)); print(p.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, cwd=plan.BASE_DIR)
    assert process.stdout is not None
    tethered = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    assert wait_for(lambda: not is_alive(tethered))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
