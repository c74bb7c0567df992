"""Ties a process to its parent: when the parent dies, even by SIGKILL, the kernel kills the process. And keeps secrets.

No supervisor library does this (docs/decisions/001-supervisor.md); Linux offers it as PR_SET_PDEATHSIG, prctl(2).
Elsewhere a thread looks at the parent's id once a second.
"""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_WATCH_SECONDS = 1.0
# Loaded before any fork: between fork and exec nothing should have to be imported.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(*, parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Have `number` sent to this process when `parent` (a process id) dies; survives exec, not fork.

    The signal comes when the *thread* that forked dies: fork from the main thread.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent, number), name="tether", daemon=True).start()
    # The parent may have died before the kernel was told.
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def keep_secrets() -> None:
    """From now on no process of the same user reads this one's memory or environment; children are not affected.

    Children read what strangers uploaded, under the same user id.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _watch(parent: int, number: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), number)
