"""Rates that several processes count together."""

import fcntl
import os
import time
from collections.abc import Callable

from modelstore.ground.shared_callers import SharedCallers


def in_processes(count: int, work: Callable[[], int]) -> list[int]:
    """What `work` answers (0 to 255) in that many forked processes."""
    children = []
    for _ in range(count):
        if (pid := os.fork()) == 0:
            os._exit(work())
        children.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def let_through(callers: SharedCallers, caller: str, tries: int) -> int:
    return sum(callers.spend(caller, 120, 3600.0) == 0 for _ in range(tries))


def test_four_processes_let_through_what_one_would() -> None:
    callers = SharedCallers()
    assert sum(in_processes(4, lambda: let_through(callers, "somebody", 100))) == 120
    assert let_through(callers, "somebody", 5) == 0
    assert let_through(callers, "somebody else", 5) == 5


def test_it_says_how_long_to_wait() -> None:
    callers = SharedCallers()
    assert [callers.spend("a", 2, 60.0) for _ in range(2)] == [0, 0]
    assert 29 < callers.spend("a", 2, 60.0) <= 30
    callers.clear()
    assert callers.spend("a", 2, 60.0) == 0


def test_many_callers_take_no_more_memory_and_forget_the_least_busy() -> None:
    callers = SharedCallers()
    for _ in range(100):
        callers.spend("busy", 120, 3600.0)
    for number in range(50_000):
        callers.spend(f"caller {number}", 120, 3600.0)
    assert let_through(callers, "busy", 100) <= 20


def test_a_process_that_sleeps_with_the_lock_holds_nobody_up() -> None:
    callers = SharedCallers()
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        fcntl.lockf(callers._file, fcntl.LOCK_EX)
        os.write(writer, b"x")
        time.sleep(60)
    assert os.read(reader, 1) == b"x"
    begun = time.monotonic()
    assert callers.spend("somebody", 2, 60.0) == 0
    # Long before the sleeper wakes, however busy this machine is.
    assert time.monotonic() - begun < 30
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    for end in (reader, writer):
        os.close(end)
