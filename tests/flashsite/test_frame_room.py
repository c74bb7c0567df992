"""Calls at any depth of the stack need no new memory, where the first of them left room."""

import resource
import threading
from collections.abc import Callable

from flashsite.frame_room import roomy

_CALLS = 200


def _at_each_depth(run: Callable[[int], int]) -> list[int]:
    """Pages that the system had to give for `_CALLS` calls, at each of many depths of the stack.

    In a thread of its own: the room is that of its first frames.
    """
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.extend(run(depth) for depth in range(400)))
    thread.start()
    thread.join()
    return found


def _faults(depth: int) -> int:
    if depth:
        return _faults(depth - 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(_CALLS):
        _leaf()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def _leaf() -> None:
    pass


# Larger than the frames before it, so that it is too large for the end of a piece at some depth.
_leaf.__code__ = _leaf.__code__.replace(co_stacksize=100)


@roomy
def _roomy_faults(depth: int) -> int:
    return _faults(depth)


def test_no_depth_of_the_stack_asks_for_memory_at_every_call() -> None:
    assert max(_at_each_depth(_roomy_faults)) < _CALLS / 4


def test_else_some_depth_does() -> None:
    # Should this fail one day, Python has mended it, and `roomy` can go.
    assert max(_at_each_depth(_faults)) >= _CALLS
