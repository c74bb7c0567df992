"""The ledger in memory and the one in the database say the same, call by call, through whole random schedules."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from jobs.compute.fleet import Health, Instance, Offer, Policy
from jobs.compute.reconciler import Snapshot
from jobs.models import Job
from jobs.states import JobStatus
from tests.jobs.compute.installation import InRows
from tests.jobs.compute.world import World


class Twins:
    """A ledger that hands each call to both, and compares what they read."""

    def __init__(self, world: World, make_job: Callable[..., Job]) -> None:
        self._world, self._memory = world, world.ledger
        self._rows = InRows(make_job, adopts=not world.policy.launches)
        self._jobs = [make_job(status=JobStatus.CANCELLED, queued=job.arrives) for job in world.board.jobs]
        self.compared = 0

    def snapshot(self, now: datetime) -> Snapshot:
        self._copy_jobs(now)
        ours, theirs = self._memory.snapshot(now), self._rows.ledger.snapshot(now)
        assert _sorted(ours) == _sorted(theirs)
        self.compared += 1
        return theirs

    def is_busy(self, instance: str, now: datetime) -> bool:
        self._copy_jobs(now)
        answers = {twin.is_busy(instance, now) for twin in (self._memory, self._rows.ledger)}
        assert len(answers) == 1
        return answers.pop()

    def beat(self, instance: str, now: datetime) -> None:
        self._memory.beat(instance, now)
        self._rows.beat(instance, now)

    def worked(self, instance: str, now: datetime) -> None:
        self._memory.worked(instance, now)
        self._rows.worked(instance, now)

    def see(self, instances: Sequence[Instance], now: datetime) -> None:
        self._both("see", instances, now)

    def intend_start(self, instance: str, now: datetime) -> None:
        self._both("intend_start", instance, now)

    def intend_stop(self, instance: str, reason: str, now: datetime) -> None:
        self._both("intend_stop", instance, reason, now)

    def intend_launch(self, offer: Offer, token: str, now: datetime) -> None:
        self._both("intend_launch", offer, token, now)

    def launched(self, token: str, instance: str) -> None:
        self._both("launched", token, instance)

    def close_launch(self, token: str) -> None:
        self._both("close_launch", token)

    def mark(self, instance: str, now: datetime) -> None:
        self._both("mark", instance, now)

    def save_health(self, health: Health, backoffs: int) -> None:
        self._both("save_health", health, backoffs)

    def explain(self, reason: str) -> None:
        self._both("explain", reason)

    def alert(self, kind: str, message: str, now: datetime) -> None:
        self._both("alert", kind, message, now)

    def _both(self, name: str, *values: Any) -> None:
        for twin in (self._memory, self._rows.ledger):
            getattr(twin, name)(*values)

    def _copy_jobs(self, now: datetime) -> None:
        """The virtual jobs into rows; that both change alike is test_job_board's."""
        for job, row in zip(self._world.board.jobs, self._jobs, strict=True):
            status = JobStatus.TRAINING if job.server else JobStatus.QUEUED
            if job.published or job.arrives > now:
                status = JobStatus.DEPLOYED if job.published else JobStatus.CANCELLED
            values = {
                "status": status,
                "lease_until": job.lease_until,
                "server": self._rows.server(job.server),
            }
            if any(getattr(row, name) != value for name, value in values.items()):
                Job.objects.filter(pk=row.pk).update(**values)
                row.status, row.lease_until, row.server = values.values()


def _sorted(view: Snapshot) -> Snapshot:
    return replace(
        view,
        servers=sorted(view.servers, key=lambda row: row.id),
        launches=sorted(view.launches, key=lambda row: row.token),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("launches", [False, True])
def test_both_ledgers_say_the_same_through_a_schedule(launches: bool, make_job: Callable[..., Job]) -> None:
    world = World(2, Policy(launches=launches, pool=2), fault_rate=0.3, deaths=True, outage=False)
    twins = Twins(world, make_job)
    world.ledger = twins  # type: ignore[assignment]
    world.run()
    assert world.board.all_ended
    assert twins.compared > 50
