"""Which programs make up Flash on one machine, and how each is started."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flashsite import redis_socket
from flashsite.supervisor import ports, redis_server

BASE_DIR = Path(__file__).resolve().parents[2]
GUNICORN_CONF = Path(__file__).with_name("gunicorn_conf.py")

# glibc gives each thread an arena of its own; two are enough here and save some 20 MB a process.
_SMALL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# What is larger goes back to the system when it is freed: models come and go. Else glibc raises this up to 32 MB.
_RETURNING = {"MALLOC_MMAP_THRESHOLD_": "262144"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One child process: what to run, and how many seconds it may take to stop after SIGTERM.

    What a `quiet` one writes is shown only when it dies.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0
    quiet: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything the supervisor needs to know."""

    var_dir: Path
    host: str
    port: int
    site: str
    redis: Program | None
    redis_socket: Path
    programs: tuple[Program, ...]


def make(*, var_dir: Path, host: str, port: int, site: str, training: bool, own_redis: bool) -> Plan:
    """The plan for one machine. Raises RedisMissing when a Redis is needed and there is none."""
    socket_path = redis_socket.path(var_dir)
    # The periodic tasks ride along with the control worker: a process of their own costs 60 MB or more.
    programs = [_web(host, port), _worker("control", "--threads", "2", "--periodic", environment=_SMALL)]
    if training:
        # Without _SMALL: its child trains, and inherits the environment.
        programs.append(_worker("training", "--threads", "1", environment={}, stop_seconds=45.0))
    return Plan(
        var_dir=var_dir,
        host=host,
        port=port,
        site=site,
        redis=_redis(var_dir, socket_path) if own_redis else None,
        redis_socket=socket_path,
        programs=tuple(programs),
    )


def _redis(var_dir: Path, socket_path: Path) -> Program:
    folder = var_dir / "redis"
    return Program(
        name="redis",
        command=redis_server.command(redis_server.find_binary(), folder=folder, socket_path=socket_path),
        stop_seconds=5.0,
        quiet=True,
    )


def _web(host: str, port: int) -> Program:
    return Program(
        name="web",
        command=(sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_CONF), "flashsite.wsgi"),
        environment={**_SMALL, **_RETURNING, "FLASH_BIND": ports.bind_address(host, port)},
        stop_seconds=15.0,
    )


def _worker(queue: str, *flags: str, environment: Mapping[str, str], stop_seconds: float = 10.0) -> Program:
    return Program(
        name=queue,
        command=(sys.executable, "manage.py", "work", queue, *flags),
        environment=environment,
        stop_seconds=stop_seconds,
    )
