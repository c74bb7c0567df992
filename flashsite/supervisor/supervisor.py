"""The loop that starts the programs, shows their output, restarts what dies and stops everything in order."""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from flashsite import redis_socket
from flashsite.supervisor import lock, ports, redis_server
from flashsite.supervisor.child import Child
from flashsite.supervisor.console import Console
from flashsite.supervisor.plan import Plan

_TICK_SECONDS = 0.25
_REDIS_SECONDS = 20.0
_SLOW_START_SECONDS = 60.0


class GivenUp(Exception):
    """A program does not start; the message says which and what to do."""


class Supervisor:
    """Runs a plan until it is told to stop. One thread only: forking and signals stay simple."""

    def __init__(self, plan: Plan, *, console: Console, lock_handle: int | None = None) -> None:
        self._plan = plan
        self._console = console
        self._lock_handle = lock_handle
        self._selector = selectors.DefaultSelector()
        self._children: list[Child] = []
        self._stops = 0

    def run(self) -> int:
        """Start everything, watch it, stop it; answers the exit status."""
        self._listen_to_signals()
        try:
            self._start_redis()
            self._start_programs()
            self._serve()
            return 0
        except GivenUp as error:
            self._console.say(str(error))
            return 1
        finally:
            self._stop_everything()

    # --- starting ----------------------------------------------------------------------------------------------

    def _start_redis(self) -> None:
        if self._plan.redis is None:
            return
        self._console.say("Starting a private Redis ...")
        redis_socket.prepare_folder(self._plan.redis_socket)
        (self._plan.var_dir / "redis").mkdir(mode=0o700, exist_ok=True)
        if redis_server.stop_orphan(self._plan.redis_socket):
            self._console.say("A Redis left over from an earlier start was stopped.")
        child, tried = self._add(Child(self._plan.redis)), False
        deadline = time.monotonic() + _REDIS_SECONDS
        while not redis_server.answers(self._plan.redis_socket):
            if self._stops:
                return
            if child.quick_deaths == 1 and not tried:
                tried = True
                self._set_queue_aside()
            if time.monotonic() > deadline:
                raise GivenUp(
                    "Redis does not answer. Jobs are safe in the database: "
                    f"remove {self._plan.var_dir}/redis and start Flash again."
                )
            self._turn(0.02)
        child.quick_deaths = 0

    def _set_queue_aside(self) -> None:
        """Redis ended before it answered; its files hold hints alone, so the site does not wait for them."""
        if aside := redis_server.set_aside(self._plan.var_dir / "redis"):
            self._console.say(
                "The queue's file is damaged, so Flash starts with an empty queue. No job is lost: jobs are in the "
                f"database and are queued again within a minute. The file is kept as {aside}."
            )

    def _start_programs(self) -> None:
        if self._stops:
            return
        names = ", ".join(program.name for program in self._plan.programs)
        self._console.say(f"Starting {names} ...")
        for program in self._plan.programs:
            self._add(Child(program))

    def _add(self, child: Child) -> Child:
        self._children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        try:
            self._selector.register(child.start(), selectors.EVENT_READ, lambda: self._show_output(child))
        except OSError as error:
            raise GivenUp(f"{child.name} cannot be started: {error.strerror or error}.") from None

    # --- running -----------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        started, announced, warned = time.monotonic(), False, False
        while not self._stops:
            self._turn(_TICK_SECONDS)
            if announced or self._stops:
                continue
            if ports.answers(self._plan.host, self._plan.port, site=self._plan.site):
                announced = True
                self._announce(time.monotonic() - started)
            elif not warned and time.monotonic() - started > _SLOW_START_SECONDS:
                warned = True
                self._console.say(
                    "The site is not responding yet; still waiting. Its own messages, if any, are above."
                )

    def _announce(self, seconds: float) -> None:
        url = ports.url(self._plan.host, self._plan.port)
        if self._lock_handle is not None:
            lock.describe(self._lock_handle, f"process {os.getpid()}, {url}")
        self._console.say(f"Flash is ready after {seconds:.1f} s:  {url}   (Ctrl-C stops it)")

    def _turn(self, timeout: float) -> None:
        """Wait for output, a signal or a death, and deal with it."""
        for key, _ in self._selector.select(timeout):
            key.data()
        if self._console.broken:
            self._stops = max(self._stops, 1)
        for child in self._children:
            if child.died():
                self._lost(child)
            elif child.restart_at is not None and not self._stops and time.monotonic() >= child.restart_at:
                self._start(child)

    def _lost(self, child: Child) -> None:
        self._drain(child)
        reason = child.bury(restart=not self._stops)
        if self._stops:
            return
        while child.last_words:
            self._console.line(child.name, child.last_words.popleft())
        if child.is_hopeless:
            raise GivenUp(
                f"{child.name} {reason}, {child.quick_deaths} times in a row right after starting. The "
                f"reason is in its last lines above; fix it, then start Flash again."
            )
        self._console.say(f"{child.name} {reason}; starting it again.")

    def _show_output(self, child: Child) -> bool:
        """Print what has come; False when the output has ended."""
        try:
            for line in child.read_lines():
                if child.program.quiet:
                    child.last_words.append(line)
                else:
                    self._console.line(child.name, line)
        except EOFError:
            self._forget_output(child)
            return False
        return True

    def _drain(self, child: Child) -> None:
        """The last words of a dead process; a grandchild may hold the pipe open, so never wait for its end."""
        assert child.process is not None and child.process.stdout is not None
        if child.process.stdout.fileno() in self._selector.get_map():
            self._show_output(child)
            self._forget_output(child)

    def _forget_output(self, child: Child) -> None:
        assert child.process is not None and child.process.stdout is not None
        if child.process.stdout.fileno() in self._selector.get_map():
            self._selector.unregister(child.process.stdout)

    # --- stopping ----------------------------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._wake_up = (reader, writer)  # kept alive: the handler writes into it
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self._selector.register(reader, selectors.EVENT_READ, lambda: reader.recv(4096))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP for a reason.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _ask_to_stop(self, *_: Any) -> None:
        self._stops += 1

    def _stop_everything(self) -> None:
        """The programs first, Redis last; a second Ctrl-C ends the patience."""
        self._stops = max(self._stops, 1)
        alive = [child for child in self._children if child.process is not None]
        if alive:
            self._console.say(
                "Stopping ... (a training job leaves a checkpoint; Ctrl-C again to stop at once)"
            )
        self._stop([child for child in alive if child.program is not self._plan.redis])
        self._stop([child for child in alive if child.program is self._plan.redis])
        if self._plan.redis is not None:
            redis_socket.remove_folder(self._plan.redis_socket, self._plan.var_dir)
        self._console.say("Stopped.")

    def _stop(self, children: Sequence[Child]) -> None:
        begun, before = time.monotonic(), self._stops
        for child in children:
            child.signal(signal.SIGTERM)
        while any(child.process is not None for child in children):
            late = self._late(begun) if self._stops == before else lambda child: True
            for child in filter(late, children):
                child.signal(signal.SIGKILL)
            self._turn(0.1)

    @staticmethod
    def _late(begun: float) -> Callable[[Child], bool]:
        return lambda child: time.monotonic() - begun > child.program.stop_seconds
