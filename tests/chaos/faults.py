"""What breaks. Each fault takes the number of its step, does its harm, and undoes what does not heal by itself."""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import psutil
import redis

from flashsite import redis_socket
from jobs.messaging import hints
from tests.chaos.site import Site, frozen, pause

# A lease is six seconds, and the sweep comes every fifteen: after the longest of these another worker has the job.
_FREEZE = (4.0, 34.0)
_REDIS_LIMIT = "128mb"
# What a full disk has left, in bytes: nothing, less than the reserve, a little more.
_LEFT, _FILLER = (0, 64 * 1024, 8 * 1024**2, 300 * 1024**2), "filler"


class Faults:
    """The faults of one site, by their names in the plan."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def cause(self, name: str, number: int) -> None:
        fault: Callable[[int], None] = getattr(self, name)
        fault(number)

    def undo(self) -> None:
        """What a fault that was interrupted may have left."""
        with suppress(redis.RedisError), closing(self._redis()) as client:
            client.config_set("maxmemory", _REDIS_LIMIT)
        if self._site.disk is not None:
            (self._site.disk / _FILLER).unlink(missing_ok=True)

    def kill_web_process(self, number: int) -> None:
        self._kill("web", number)

    def kill_web_master(self, number: int) -> None:
        for process in self._site.processes("web")[:1]:
            _kill(process)

    def kill_control(self, number: int) -> None:
        self._kill("control", number)

    def kill_training(self, number: int) -> None:
        self._kill("training", number)

    def kill_trainer(self, number: int) -> None:
        self._kill("trainer", number)

    def kill_batch_child(self, number: int) -> None:
        self._kill("batch_child", number)

    def kill_reader(self, number: int) -> None:
        """What forks a process for each upload that is to be read; those end with it."""
        found = self._site.processes("reader")
        pids = {process.pid for process in found}
        with suppress(psutil.Error):
            servers = [process for process in found if process.ppid() not in pids]
            for process in servers[number % len(servers) :][:1] if servers else []:
                process.kill()

    def kill_redis(self, number: int) -> None:
        self._kill("redis", number)

    def kill_everything(self, number: int) -> None:
        self._site.restart(signal.SIGKILL)

    def restart_everything(self, number: int) -> None:
        self._site.restart(signal.SIGTERM)

    def freeze_training(self, number: int) -> None:
        self._freeze("training", number)

    def freeze_trainer(self, number: int) -> None:
        self._freeze("trainer", number)

    def freeze_control(self, number: int) -> None:
        self._freeze("control", number)

    def freeze_web_process(self, number: int) -> None:
        self._freeze("web", number)

    def freeze_redis(self, number: int) -> None:
        self._freeze("redis", number)

    def full_redis(self, number: int) -> None:
        with suppress(redis.RedisError), closing(self._redis()) as client:
            client.config_set("maxmemory", 1)
            time.sleep(pause(number, 3, 15))
        self.undo()

    def wipe_redis(self, number: int) -> None:
        with suppress(redis.RedisError), closing(self._redis()) as client:
            client.flushall()

    def duplicate_messages(self, number: int) -> None:
        for _ in range(2 + number % 6):
            hints.wake_scheduler()
            hints.wake_trainers()
            hints.wake_batches()

    def stale_messages(self, number: int) -> None:
        """For rows that are not there, and late ones."""
        hints.notify([10**9 + number % 1000])
        hints.notify([10**9 + number % 1000], delay=timedelta(seconds=number % 7))

    def hold_database(self, number: int) -> None:
        """A stranger writes and does not come to an end; longer than anybody waits for the lock, at times."""
        path = self._site.var / "flash.sqlite3"
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as held,
        ):
            held.execute("BEGIN IMMEDIATE")
            time.sleep(pause(number, 2, 26))
            held.execute("ROLLBACK")

    def full_disk(self, number: int) -> None:
        """Nothing, or next to nothing, is left; does nothing where the site has no disk of its own."""
        if (disk := self._site.disk) is None:
            return
        try:
            _fill(disk / _FILLER, _LEFT[number % len(_LEFT)])
            time.sleep(pause(number, 3, 20))
        finally:
            (disk / _FILLER).unlink(missing_ok=True)

    def _kill(self, role: str, number: int) -> None:
        if process := self._site.one(role, number):
            _kill(process)

    def _freeze(self, role: str, number: int) -> None:
        if process := self._site.one(role, number):
            frozen(process, pause(number, *_FREEZE))

    def _redis(self) -> redis.Redis:
        path = str(redis_socket.path(self._site.var))
        return redis.Redis(unix_socket_path=path, socket_timeout=5, socket_connect_timeout=5)


def _fill(filler: Path, left: int) -> None:
    """Takes the room of its disk but for `left` bytes; others write meanwhile, so it takes what it gets."""
    with filler.open("wb") as file:
        for _ in range(20):
            size = shutil.disk_usage(filler.parent).free - left
            if size <= 0:
                return
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, size)
                return


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.Error):
        process.kill()
