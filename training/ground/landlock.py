"""Landlock: from now on this process opens only some files, and is no debugger of others (Linux 5.13 and newer).

A user id of its own would need rights that the site should not have; this needs none. See landlock(7).
"""

import ctypes
import os
import site
import struct
import sys
import sysconfig
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all processors
_VERSION, _PATH_BENEATH, _NET_PORT, _NO_NEW_PRIVS = 1, 1, 2, 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
# Everything that each version of it knows about files.
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_CONNECT, _NETWORK = 2, 3  # connect, and bind as well, by TCP; since version 4
_SCOPES = 3  # abstract sockets and signals, since version 6
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | (1 << 14) | (1 << 15)
_ROOT = Path(__file__).resolve().parents[2]
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
    "/proc/self",
    # How many processors there are and how they share their caches.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


def restrict(reads: Iterable[str], writes: Iterable[str], ports: Collection[int] | None = ()) -> bool:
    """Nothing but Python's own files, `reads` and `writes` can be opened any more, nor TCP beyond `ports` be used.

    Of the network only connections to `ports` of other machines stay; with None all of it does. Holds for this thread
    and what it starts from now on. Answers whether the system can do that; where it cannot, nothing changes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = _version(libc)
    if version < 1:
        return False
    files = _ALL_FILES[min(version, 5)]
    network = 0 if ports is None else _NETWORK
    # An older kernel takes no longer attributes than it knows.
    attributes = [files] + [network] * (version >= 4) + [_SCOPES] * (version >= 6)
    packed = struct.pack(f"={len(attributes)}Q", *attributes)
    rules = libc.syscall(_CREATE_RULESET, packed, ctypes.c_size_t(len(packed)), 0)
    if rules < 0:
        return False
    try:
        for path in {*_SYSTEM, *_python(), *map(str, reads)}:
            _allow(libc, rules, path, _READ & files)
        for path in (*writes, os.devnull):
            _allow(libc, rules, str(path), files)
        for port in ports or () if version >= 4 else ():
            libc.syscall(_ADD_RULE, rules, _NET_PORT, struct.pack("=QQ", _CONNECT, port), 0)
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def is_there() -> bool:
    """Whether this system has it."""
    return sys.platform == "linux" and _version(ctypes.CDLL(None)) > 0


def _version(libc: ctypes.CDLL) -> int:
    return int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))


def _python() -> set[str]:
    """Where Python and the packages are, and this project."""
    paths = {*sysconfig.get_paths().values(), *site.getsitepackages(), sys.prefix, sys.base_prefix, *sys.path}
    real = {os.path.realpath(path) for path in paths if path} - {str(_ROOT)}
    # The project's code, but not its var/, where the database and the secret key are.
    code = {str(path.parent) for path in _ROOT.glob("*/*.py")}
    return {path for path in real if os.path.isdir(path)} | code | {str(Path(sys.executable).resolve())}


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    with suppress(OSError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = rights if os.path.isdir(path) else rights & _FILE_ONLY
            libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
        finally:
            os.close(opened)
