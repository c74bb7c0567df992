"""A virtual month in seconds: jobs, workers, watchdogs and a controller around the fake EC2."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobs.compute.memory import MemoryLedger
from jobs.compute.planning import Policy
from jobs.compute.reconciler import step
from tests.jobs.compute.fake_ec2 import FAULTS, ControllerDied, FakeEc2

STEP = timedelta(seconds=30)
START = datetime(2026, 1, 1, tzinfo=UTC)
WATCHDOG = timedelta(minutes=15)


@dataclass
class VirtualJob:
    arrives: datetime
    work: timedelta
    server: str = ""
    done: timedelta = timedelta()
    ended: bool = False


class World:
    """Two passes in a row fail at the most; the controller may be dead for hours; workers and machines die."""

    def __init__(self, seed: int, policy: Policy, *, fault_rate: float, deaths: bool, outage: bool) -> None:
        self.rng, self.policy, self.now = random.Random(seed), policy, START
        self._fault_rate, self._deaths, self._faults_in_a_row = fault_rate, deaths, 0
        self.ec2 = FakeEc2(
            clock=lambda: self.now,
            rng=self.rng,
            slow=timedelta(seconds=75),
            lag=timedelta(seconds=25),
            fault=self._fault,
            lose=self._lose,
        )
        if not policy.launches:
            for _ in range(policy.pool):
                self.ec2.add()
        self.jobs = [
            VirtualJob(
                START + timedelta(minutes=self.rng.uniform(0, 240)),
                timedelta(minutes=self.rng.expovariate(0.1)),
            )
            for _ in range(self.rng.randint(1, 8))
        ]
        self.ledger = MemoryLedger(adopts=not policy.launches, demand=self._demand, busy=self._is_busy)
        self.idle: dict[str, timedelta] = {}
        self.booted: dict[str, datetime | None] = {}
        self.longest_idle = timedelta()
        self.most_up = 0
        self._locked_until = START
        first = self.rng.uniform(30, 200)
        self._dead = (first, first + 90) if outage else (0, 0)

    def run(self, limit: timedelta = timedelta(hours=30)) -> None:
        """Until all jobs have ended and every machine is off, or `limit`."""
        while self.now < START + limit:
            self.now += STEP
            self.ec2.advance()
            for machine in list(self.ec2.machines.values()):
                self._live(machine.id)
            if (self.now - START).seconds % 60 == 0 and not self._controller_is_dead():
                self._tick()
            if all(job.ended for job in self.jobs) and not self._up():
                return

    def _up(self) -> list[str]:
        return [m.id for m in self.ec2.machines.values() if m.state in ("pending", "running")]

    def _controller_is_dead(self) -> bool:
        return self._dead[0] <= (self.now - START).total_seconds() / 60 < self._dead[1]

    def _tick(self) -> None:
        if self.now < self._locked_until:
            return
        self._failed = False
        try:
            step(self.ledger, self.ec2, self.now, self.policy)
        except ControllerDied:
            self._locked_until = self.now + timedelta(seconds=90)
        self._faults_in_a_row = self._faults_in_a_row + 1 if self._failed else 0
        self.most_up = max(self.most_up, len(self._up()))

    def _fault(self, call: str) -> None:
        if self._faults_in_a_row < 2 and self.rng.random() < self._fault_rate:
            self._failed = True
            kinds = [
                kind for kind in FAULTS if call in ("start", "launch") or kind.__name__ != "CapacityMissing"
            ]
            raise self.rng.choice(kinds)(f"{call} failed")

    def _lose(self, call: str) -> None:
        """The call was carried out and its answer lost: no answer ever says that there is no capacity."""
        self._fault(f"answer to {call}")

    def _demand(self) -> tuple[int, int]:
        due = [job for job in self.jobs if job.arrives <= self.now and not job.ended]
        return sum(not job.server for job in due), sum(bool(job.server) for job in due)

    def _is_busy(self, name: str) -> bool:
        return any(job.server == name for job in self.jobs)

    def _live(self, name: str) -> None:
        """Half a minute in the life of one machine."""
        mine = next((job for job in self.jobs if job.server == name), None)
        if self.ec2.machines[name].state != "running":
            self.booted.pop(name, None)
            self.idle[name] = timedelta()
            if mine:
                mine.server = ""
            return
        if name not in self.booted:
            dud = self._deaths and self.rng.random() < 0.1
            self.booted[name] = None if dud else self.now + timedelta(seconds=self.rng.uniform(30, 150))
        ready = self.booted[name]
        if self._deaths and self.rng.random() < 0.002:
            ready = self.booted[name] = None
        if ready is None and mine:
            mine.server, mine = "", None
        if ready is not None and self.now >= ready:
            self.ledger.beat(name, self.now)
            mine = self._work(name, mine)
        waiting, _ = self._demand()
        without_work = mine is None and (ready is None or not waiting)
        self.idle[name] = self.idle.get(name, timedelta()) + STEP if without_work else timedelta()
        self.longest_idle = max(self.longest_idle, self.idle[name])
        if self.idle[name] >= WATCHDOG:
            self.ec2.power_off(name, terminates=self.policy.launches)

    def _work(self, name: str, mine: VirtualJob | None) -> VirtualJob | None:
        if mine is not None:
            mine.done += STEP
            if mine.done >= mine.work:
                mine.ended, mine.server = True, ""
                self.ledger.worked(name, self.now)
                mine = None
        if mine is None:
            mine = next(
                (j for j in self.jobs if j.arrives <= self.now and not j.ended and not j.server), None
            )
            if mine is not None:
                mine.server = name
                self.ledger.worked(name, self.now)
        return mine
