"""A kind of task whose files take over the program that reads them: what they say is done."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.ground.limits import GIB, MIB, Limits

LIBRARIES = ()


def look(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> Any:
    """Does what `name` says."""
    return _DEEDS[name](options)


def _environment(options: Mapping[str, Any]) -> Any:
    return dict(os.environ)


def _niceness(options: Mapping[str, Any]) -> Any:
    return os.nice(0)


def _memory(options: Mapping[str, Any]) -> Any:
    return len(bytes(options["bytes"]))


def _forever(options: Mapping[str, Any]) -> Any:
    while options["busy"]:
        pass
    time.sleep(600)


def _crash(options: Mapping[str, Any]) -> Any:
    os.abort()


def _large_file(options: Mapping[str, Any]) -> Any:
    with Path(os.environ["TMPDIR"], "x").open("wb") as file:
        for _ in range(options["bytes"] // MIB):
            file.write(bytes(MIB))


def _read(options: Mapping[str, Any]) -> Any:
    return Path(options["path"]).read_bytes().decode("latin-1")


def _write(options: Mapping[str, Any]) -> Any:
    Path(options["path"]).write_text("x")


def _connect(options: Mapping[str, Any]) -> Any:
    socket.create_connection(("127.0.0.1", options["port"]), timeout=5).close()


def _leave_another(options: Mapping[str, Any]) -> Any:
    code = "import time; time.sleep(600)"
    return subprocess.Popen([sys.executable, "-c", code]).pid


def _long_answer(options: Mapping[str, Any]) -> Any:
    return ["x" * MIB] * (GIB // 8 // MIB)


def _mistake(options: Mapping[str, Any]) -> Any:
    raise ValueError("a mistake of ours")


def _pid(options: Mapping[str, Any]) -> Any:
    return os.getppid()


_DEEDS = {
    "environment": _environment,
    "niceness": _niceness,
    "memory": _memory,
    "forever": _forever,
    "crash": _crash,
    "large_file": _large_file,
    "read": _read,
    "write": _write,
    "connect": _connect,
    "leave_another": _leave_another,
    "long_answer": _long_answer,
    "mistake": _mistake,
    "server": _pid,
}
