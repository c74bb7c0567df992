"""Keeps a process that meets strangers' data from harm: what it may open, and how much it may take."""

import os
import resource
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from training.ground import landlock

# Set by who starts a training: folders that it must not see, separated as in PATH. Without it nothing is hidden.
HIDDEN_VARIABLE = "FLASH_HIDDEN_DIRS"
# Weights come by HTTPS; the metadata service of a cloud, with the machine's credentials, does not.
_PORTS = (443,)
_CACHES = (".cache", ".nv")


def die_first() -> None:
    """Whatever is short of memory, this process goes before others do; and it leaves no dump of its memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    lower(resource.RLIMIT_CORE, 0)


def bound(*, memory: int, file_bytes: int, seconds: int | None = None) -> None:
    """Bounds for this process and those it starts: bytes of address space beyond now, of one file, and time.

    Breaking one ends it, or is an OSError or a MemoryError.
    """
    lower(resource.RLIMIT_AS, _address_space() + memory)
    lower(resource.RLIMIT_FSIZE, file_bytes)
    if seconds is not None:
        # Several threads spend more processor time than passes; what only waits is ended by the alarm.
        lower(resource.RLIMIT_CPU, seconds * 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)


def lower(what: int, value: int) -> None:
    """Never above what this process may use anyway."""
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def confine_training(run_dir: Path) -> None:
    """Hides what `HIDDEN_VARIABLE` names, all but `run_dir` and the weights, and most of the network.

    A training needs devices, drivers and caches that nobody can list, so the rest stays open. Threads that are there
    already are not bound. Whoever starts a training by hand, without the variable, is bound by nothing.
    """
    hidden = [Path(name).resolve() for name in os.environ.get(HIDDEN_VARIABLE, "").split(os.pathsep) if name]
    if not hidden:
        return
    die_first()
    if not _devices():
        # More is never there; a GPU's driver reserves more than it uses.
        with suppress(ValueError):
            lower(resource.RLIMIT_DATA, _memory_of_machine())
    mine = [run_dir.resolve(), *_own_folders()]
    if any(folder.is_relative_to(Path(tempfile.gettempdir()).resolve()) for folder in hidden):
        os.environ["TMPDIR"] = tempfile.tempdir = str(mine[0])
    # Processes on several devices talk by TCP, on ports that the system chooses.
    ports = None if len(_devices()) > 1 else _PORTS
    landlock.restrict([], [str(path) for path in (*_beside(Path("/"), hidden), *mine)], ports)


def _own_folders() -> Iterator[Path]:
    if weights := os.environ.get("FLASH_WEIGHTS_DIR"):
        yield Path(weights)
    for name in _CACHES:
        folder = Path.home() / name
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            yield folder


def _beside(folder: Path, hidden: list[Path]) -> Iterator[Path]:
    """What is in `folder` and neither hidden nor on the way to it."""
    try:
        entries = sorted(folder.iterdir())
    except PermissionError:
        # Of one that may be passed but not listed, only the way is known.
        ways = (one.relative_to(folder).parts for one in hidden if one.is_relative_to(folder))
        entries = sorted({folder / way[0] for way in ways if way})
    for path in entries:
        real = path.resolve()
        if any(real.is_relative_to(one) for one in hidden):
            continue
        if not any(one.is_relative_to(real) for one in hidden):
            yield path
        elif not path.is_symlink():
            yield from _beside(path, hidden)


def _devices() -> list[Path]:
    """GPUs, told by their files: nothing is loaded for that."""
    return [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev/dri").glob("renderD*")]


def _memory_of_machine() -> int:
    """Bytes of memory and swap. Raises ValueError where that is unknown."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise ValueError("the memory of this machine is unknown") from error
    facts = {line.split(":")[0]: line.split()[1] for line in lines}
    return 1024 * (int(facts.get("MemTotal", "")) + int(facts.get("SwapTotal", "0")))


def _address_space() -> int:
    """Bytes of address space that this process has by now; without /proc a guess."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 1024**3
    return pages * resource.getpagesize()
