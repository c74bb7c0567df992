"""A private RabbitMQ for the tests that are marked so; it and its port mapper end with this process."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from flashsite.supervisor import tether

_START_SECONDS = 60.0


def find_server() -> str | None:
    """The program itself: the one that Debian has in PATH insists on the user rabbitmq."""
    return shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or shutil.which("rabbitmq-server")


class RabbitmqProcess:
    """`with RabbitmqProcess() as rabbitmq:` then `rabbitmq.url`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="flash-rabbitmq-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._port, self._nodes_port, self._mapper_port = _free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}/"

    def __enter__(self) -> Self:
        # RabbitMQ would start a port mapper by itself, as a daemon that outlives everybody.
        self._run("epmd", "-address", "127.0.0.1", "-port", str(self._mapper_port))
        self._wait(self._mapper_port)
        server = find_server()
        assert server is not None, "there is no rabbitmq-server"
        self._run(server)
        self._wait(self._port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        tests = os.getpid()
        with (self._folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    command,
                    env=os.environ | self._environment(),
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=lambda: tether.die_with_parent(parent=tests),
                )
            )

    def _environment(self) -> dict[str, str]:
        plugins = self._folder / "plugins"
        plugins.write_text("[].")
        return {
            "HOME": str(self._folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_NODENAME": f"flash-{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(self._nodes_port),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            # Its script then becomes the server, in place of waiting for it: a kill reaches the server.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                alive = self._processes[-1].poll() is None and time.monotonic() < deadline
                assert alive, (self._folder / "log").read_text()[-4000:]
                time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Different ones, for all are held until the last is found."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports
