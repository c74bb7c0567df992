"""A private Redis server that a test may also kill and start again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from flashsite.supervisor import redis_server, tether


class RedisProcess:
    """`with RedisProcess() as redis:` then `redis.path` (its socket), `redis.url`, `redis.stop()`, `redis.start()`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="flash-redis-"))
        self.path = self.folder / "redis.sock"
        self.url = f"unix://{self.path}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *, patience: float = 20.0) -> None:
        """Start it on the same folder and wait until it answers."""
        command = redis_server.command(redis_server.find_binary(), folder=self.folder, socket_path=self.path)
        tests = os.getpid()
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, preexec_fn=lambda: tether.die_with_parent(parent=tests)
        )
        deadline = time.monotonic() + patience
        while not redis_server.answers(self.path):
            assert self._process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def freeze(self) -> None:
        """It hangs: connections are taken, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, by SIGKILL as well as by SIGTERM, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(number)
            self.thaw()
            self._process.wait(10)
            self._process = None
