"""Room for the frames of a request, taken once and not again and again."""

from collections.abc import Callable
from typing import Any, TypeVar

# Slots of eight bytes: what is needed for a frame is doubled from 16 kB on until it fits, so half of it is left free.
_SLOTS = 33_000


_Function = TypeVar("_Function", bound=Callable[..., Any])


def roomy(function: _Function) -> _Function:
    """The function, whose calls leave Python 256 kB for the frames of all that they call in turn.

    CPython keeps frames in pieces of 16 kB, maps one when a call needs it, and unmaps it when that call ends. A loop
    whose calls happen to begin at the end of a piece does so each time; that took a third of a page's time, and which
    page it hits changes with the depth of the stack. A frame of more than half of a large piece has the rest of it
    behind it; what nothing touches takes no memory.
    """
    plain: Any = function
    plain.__code__ = plain.__code__.replace(co_stacksize=_SLOTS)
    return function
