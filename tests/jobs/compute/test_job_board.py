"""The virtual job rows of the schedules behave as the real ones: the same assertions on both."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from django.utils import timezone

from jobs.compute.rows import DatabaseLedger
from jobs.errors import LeaseLost
from jobs.models import Job, Server
from jobs.queue import lifecycle
from jobs.upkeep import sweep
from tests.bundles import text_bundle
from tests.jobs.compute.job_board import LEASE, JobBoard, VirtualJob

pytestmark = pytest.mark.django_db


class Board(Protocol):
    def claim(self, server: str) -> Any: ...
    def renew(self, claim: Any) -> bool: ...
    def publish(self, claim: Any) -> bool: ...
    def requeue_lost(self) -> list[str]: ...
    def is_busy(self, server: str) -> bool: ...
    def demand(self) -> tuple[int, int]: ...
    def lose_lease(self, claim: Any) -> None: ...


class RealBoard:
    """jobs.queue.lifecycle and jobs.upkeep.sweep under the same words."""

    def __init__(self, bundle: Any) -> None:
        self._bundle = bundle

    def claim(self, server: str) -> Job | None:
        return lifecycle.claim(server=Server.objects.get_or_create(name=server, driver="ec2")[0])

    def renew(self, claim: Job) -> bool:
        return lifecycle.renew(job=claim)

    def publish(self, claim: Job) -> bool:
        try:
            for begin in (lifecycle.start_training, lifecycle.start_deploying):
                begin(job=claim)
            lifecycle.publish(job=claim, bundle=self._bundle, prefix=f"jobs/{claim.pk}/{claim.fence}")
        except LeaseLost:
            return False
        return True

    def requeue_lost(self) -> list[str]:
        names = list(Job.objects.lost(timezone.now()).values_list("server__name", flat=True))
        sweep.requeue_lost(timezone.now())
        return names

    def is_busy(self, server: str) -> bool:
        return DatabaseLedger().is_busy(server, timezone.now())

    def demand(self) -> tuple[int, int]:
        view = DatabaseLedger().snapshot(timezone.now())
        return view.jobs_waiting, view.jobs_running

    def lose_lease(self, claim: Job) -> None:
        Job.objects.filter(pk=claim.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


class VirtualBoard(JobBoard):
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        super().__init__([VirtualJob(self.now, timedelta(minutes=1))], lambda: self.now)

    def lose_lease(self, claim: Any) -> None:
        self.now += LEASE + timedelta(seconds=1)


@pytest.fixture(params=["virtual", "real"])
def board(request: pytest.FixtureRequest, make_job: Callable[..., Job], tmp_path: Any) -> Board:
    """A board with one waiting job."""
    if request.param == "virtual":
        return VirtualBoard()
    make_job()
    return RealBoard(text_bundle(tmp_path / "bundle"))


def test_a_job_is_claimed_once(board: Board) -> None:
    assert board.demand() == (1, 0)
    claim = board.claim("i-1")
    assert claim is not None
    assert board.claim("i-2") is None
    assert board.renew(claim)
    assert board.demand() == (0, 1)
    assert board.is_busy("i-1")
    assert not board.is_busy("i-2")


def test_a_job_is_published_once(board: Board) -> None:
    claim = board.claim("i-1")
    assert board.publish(claim)
    assert not board.publish(claim)
    assert not board.renew(claim)
    assert board.demand() == (0, 0)
    assert not board.is_busy("i-1")


def test_a_lost_lease_counts_as_waiting_before_and_after_the_sweep(board: Board) -> None:
    claim = board.claim("i-1")
    board.lose_lease(claim)
    assert board.demand() == (1, 0)
    assert not board.is_busy("i-1")
    assert board.requeue_lost() == ["i-1"]
    assert board.requeue_lost() == []
    assert board.demand() == (1, 0)


def test_who_lost_the_lease_can_neither_renew_nor_publish(board: Board) -> None:
    stale = board.claim("i-1")
    board.lose_lease(stale)
    board.requeue_lost()
    assert not board.renew(stale)
    assert not board.publish(stale)
    fresh = board.claim("i-2")
    assert not board.renew(stale)
    assert not board.publish(stale)
    assert board.publish(fresh)


def test_who_was_late_but_not_replaced_goes_on(board: Board) -> None:
    claim = board.claim("i-1")
    board.lose_lease(claim)
    assert board.renew(claim)
    assert board.requeue_lost() == []
    assert board.publish(claim)
