"""Jobs, workers and the ledger of an installation, in memory or in the real rows: the same tests run on both."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from jobs.compute.fleet import Health, LaunchView, Policy
from jobs.compute.reconciler import Ledger, step
from jobs.compute.rows import DatabaseLedger
from jobs.models import Alert, Attempt, Job, Server
from jobs.states import JobStatus
from tests.jobs.compute.fake_ec2 import FakeEc2
from tests.jobs.compute.memory_ledger import MemoryLedger

MINUTE = timedelta(minutes=1)


class Installation(Protocol):
    """What happens to the rows beside the passes of the reconciler."""

    ledger: Ledger

    def want(self, jobs: int, now: datetime) -> None:
        """So many jobs wait."""

    def work(self, server: str, now: datetime) -> None:
        """A job runs there from now on, and keeps its lease."""

    def beat(self, server: str, now: datetime) -> None:
        """The machine's worker reports."""

    def worked(self, server: str, at: datetime) -> None:
        """A job began and ended there."""

    def alerts(self) -> dict[str, str]:
        """The last message of each kind."""


class InMemory:
    def __init__(self, *, adopts: bool) -> None:
        self._waiting, self._busy = 0, set[str]()
        self.ledger = MemoryLedger(
            adopts=adopts,
            demand=lambda: (self._waiting, len(self._busy)),
            busy=self._busy.__contains__,
        )

    def want(self, jobs: int, now: datetime) -> None:
        self._waiting = jobs

    def work(self, server: str, now: datetime) -> None:
        self._busy.add(server)

    def beat(self, server: str, now: datetime) -> None:
        self.ledger.beat(server, now)

    def worked(self, server: str, at: datetime) -> None:
        self.ledger.worked(server, at)

    def alerts(self) -> dict[str, str]:
        return dict(self.ledger.alerts)


class InRows:
    def __init__(self, make_job: Callable[..., Job], *, adopts: bool) -> None:
        self._make_job = make_job
        self.ledger = DatabaseLedger(adopts=adopts)

    def want(self, jobs: int, now: datetime) -> None:
        Job.objects.queued().delete()
        for _ in range(jobs):
            self._make_job(queued=now)

    def work(self, server: str, now: datetime) -> None:
        lease = now + timedelta(days=365)
        self._make_job(status=JobStatus.TRAINING, server=self.server(server), lease_until=lease)

    def beat(self, server: str, now: datetime) -> None:
        """As jobs.compute.local.this_server does, at the test's own time."""
        Server.objects.update_or_create(name=server, defaults={"driver": "ec2", "heartbeat": now})

    def worked(self, server: str, at: datetime) -> None:
        job = self._make_job(status=JobStatus.DEPLOYED)
        Attempt.objects.create(job=job, server=self.server(server), fence=1, started=at, finished=at)

    def server(self, name: str) -> Server | None:
        """Its row, made by the first report of its worker if need be; None for no name."""
        return Server.objects.get_or_create(name=name, defaults={"driver": "ec2"})[0] if name else None

    def alerts(self) -> dict[str, str]:
        return dict(Alert.objects.values_list("kind", "message"))


class Fleet:
    """An installation and a cloud, a pass a minute."""

    def __init__(self, rows: Installation, policy: Policy, *, slow: timedelta) -> None:
        self.rows, self.policy = rows, policy
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.ec2 = FakeEc2(clock=lambda: self.now, slow=slow)

    def want(self, jobs: int) -> None:
        self.rows.want(jobs, self.now)

    def work(self, name: str) -> None:
        self.rows.work(name, self.now)

    def beat(self, name: str) -> None:
        self.rows.beat(name, self.now)

    def passes(self, count: int = 1, *, period: timedelta = MINUTE) -> None:
        for _ in range(count):
            self.now += period
            step(self.rows.ledger, self.ec2, self.now, self.policy)

    def refuse(self, call: str, error: type[Exception], times: int = 1) -> None:
        left = [times]

        def fault(made: str) -> None:
            if made == call and left[0]:
                left[0] -= 1
                raise error(f"{call} was refused")

        self.ec2.fault = fault

    @property
    def health(self) -> Health:
        return self.rows.ledger.snapshot(self.now).health

    @property
    def reason(self) -> str:
        """What waiting jobs are told."""
        return self.health.reason

    @property
    def open_launches(self) -> Sequence[LaunchView]:
        return self.rows.ledger.snapshot(self.now).launches

    @property
    def alerts(self) -> dict[str, str]:
        return self.rows.alerts()
