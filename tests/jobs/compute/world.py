"""Some virtual hours in a fraction of a second: jobs, workers, watchdogs and a controller around the fake EC2."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jobs.compute.fleet import Policy
from jobs.compute.reconciler import LOCK, step
from jobs.compute.watchdog import Limits, Signs, decide
from tests.jobs.compute.fake_ec2 import FAULTS, ControllerDied, FakeEc2
from tests.jobs.compute.job_board import Claim, JobBoard, VirtualJob
from tests.jobs.compute.memory_ledger import MemoryLedger

STEP = timedelta(seconds=30)
START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = Limits()


@dataclass
class Worker:
    """The worker on one running machine: `ready` None is one that will never report again."""

    ready: datetime | None
    frozen_until: datetime = START
    claim: Claim | None = None
    idle: timedelta = timedelta()
    uptime: float = 0
    signs: Signs = field(default_factory=Signs)


class World:
    """Two passes in a row fail at the most; the controller may be dead for hours; workers die or freeze and wake."""

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
        jobs = [
            VirtualJob(
                START + timedelta(minutes=self.rng.uniform(0, 240)),
                timedelta(minutes=self.rng.expovariate(0.1)),
            )
            for _ in range(self.rng.randint(1, 8))
        ]
        self.board = JobBoard(jobs, lambda: self.now)
        self.ledger = MemoryLedger(
            adopts=not policy.launches, demand=self.board.demand, busy=self.board.is_busy
        )
        self.workers: dict[str, Worker] = {}
        self.longest_idle = timedelta()
        self.most_up = self.most_runs_of_a_job = self.zombie_writes_refused = 0
        self._locked_until = START
        first = self.rng.uniform(30, 200)
        self._dead = (first, first + 90) if outage else (0, 0)

    def run(self, limit: timedelta = timedelta(hours=30)) -> None:
        """Until all jobs have ended and every machine is off, or `limit`."""
        while self.now < START + limit:
            self.now += STEP
            self.ec2.advance()
            for name in self.ec2.machines:
                self._live(name)
            self._count_runs()
            if (self.now - START).seconds % 60 == 0 and not self._controller_is_dead():
                self._tick()
            if self.board.all_ended and not self.ec2.up():
                return

    def _controller_is_dead(self) -> bool:
        return self._dead[0] <= (self.now - START).total_seconds() / 60 < self._dead[1]

    def _tick(self) -> None:
        for server in self.board.requeue_lost():
            self.ledger.worked(server, self.now)
        if self.now < self._locked_until:
            return
        self._failed = False
        try:
            step(self.ledger, self.ec2, self.now, self.policy)
        except ControllerDied:
            self._locked_until = self.now + LOCK
        self._faults_in_a_row = self._faults_in_a_row + 1 if self._failed else 0
        self.most_up = max(self.most_up, len(self.ec2.up()))

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

    def _live(self, name: str) -> None:
        """Half a minute in the life of one machine."""
        if self.ec2.machines[name].state != "running":
            self.workers.pop(name, None)
            return
        worker = self.workers.get(name) or self._boot(name)
        self._strike(worker)
        reports = worker.ready is not None and self.now >= max(worker.ready, worker.frozen_until)
        if reports:
            self.ledger.beat(name, self.now)
            self._work(name, worker)
        held = worker.claim is not None and self.board.is_held(worker.claim)
        able = worker.ready is not None and worker.frozen_until <= self.now
        waiting, _ = self.board.demand()
        worker.idle = timedelta() if held or (able and waiting) else worker.idle + STEP
        self.longest_idle = max(self.longest_idle, worker.idle)
        self._watch(name, worker, reports=reports, held=held)

    def _watch(self, name: str, worker: Worker, *, reports: bool, held: bool) -> None:
        """The watchdog in the machine knows what the worker left it, and nothing else."""
        worker.uptime += STEP.total_seconds()
        if reports:
            lease = worker.uptime if held else worker.signs.lease
            worker.signs = Signs(lease=lease, control=worker.uptime)
        if decide(worker.uptime, worker.signs, LIMITS):
            self.ec2.power_off(name, terminates=self.policy.launches)

    def _boot(self, name: str) -> Worker:
        dud = self._deaths and self.rng.random() < 0.1
        ready = None if dud else self.now + timedelta(seconds=self.rng.uniform(30, 150))
        self.workers[name] = Worker(ready)
        return self.workers[name]

    def _strike(self, worker: Worker) -> None:
        """Now and then a worker dies with its job, or hangs for minutes and does not know it."""
        if self._deaths and self.rng.random() < 0.002:
            worker.ready, worker.claim = None, None
        if self._deaths and self.rng.random() < 0.002:
            worker.frozen_until = self.now + timedelta(seconds=self.rng.uniform(30, 300))

    def _work(self, name: str, worker: Worker) -> None:
        claim = worker.claim
        if claim is not None and not self.board.is_held(claim):
            # One that slept past its lease: the first thing that it tries may be to publish what it made.
            assert not self.board.publish(claim)
            self.zombie_writes_refused += 1
            claim = None
        if claim is not None and self.board.renew(claim):
            claim.job.done += STEP
            if claim.job.done >= claim.job.work and self.board.publish(claim):
                self.ledger.worked(name, self.now)
                claim = None
        if claim is None:
            claim = self.board.claim(name)
            if claim is not None:
                self.ledger.worked(name, self.now)
        worker.claim = claim

    def _count_runs(self) -> None:
        held = [w.claim.job for w in self.workers.values() if w.claim and self.board.is_held(w.claim)]
        runs = max((held.count(job) for job in held), default=0)
        self.most_runs_of_a_job = max(self.most_runs_of_a_job, runs)
