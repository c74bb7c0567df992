"""Jobs, workers and the ledger of an installation, in memory or in the real rows: the same tests run on both."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from jobs.compute.reconciler import Ledger
from jobs.compute.rows import DatabaseLedger
from jobs.models import Alert, Attempt, Job, Server
from jobs.states import JobStatus
from tests.jobs.compute.memory_ledger import MemoryLedger


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
