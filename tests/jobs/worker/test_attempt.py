"""What is the same of an attempt at a job and at a batch."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.worker.attempt import apply_event, attempt, was_interrupted
from jobs.worker.child import EXIT_INTERRUPTED
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING

Make = Callable[..., Job]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "times"), [(None, 0), (LeaseLost(), 0), (RuntimeError("a mistake of ours"), 1)]
)
def test_only_a_mistake_of_ours_puts_the_row_back(
    make_job: Make, error: Exception | None, times: int
) -> None:
    requeued: list[bool] = []

    def work(_: Heartbeat) -> None:
        if error:
            raise error

    attempt(make_job(), work, requeue=lambda: requeued.append(True))
    assert len(requeued) == times


def test_unknown_events_are_ignored() -> None:
    taken: list[dict[str, Any]] = []
    for kind in ("log", "something of a later version", None):
        apply_event({"log": taken.append}, {"event": kind})
    assert taken == [{"event": "log"}]


@pytest.mark.django_db
def test_an_event_may_be_lost_to_the_database_but_not_the_lease() -> None:
    def fail(event: dict[str, Any]) -> None:
        raise event["error"]

    apply_event({"log": fail}, {"event": "log", "error": OperationalError()})
    with pytest.raises(LeaseLost):
        apply_event({"log": fail}, {"event": "log", "error": LeaseLost()})


def test_a_worker_that_stops_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STOPPING, "is_set", lambda: False)
    assert was_interrupted(EXIT_INTERRUPTED)
    assert not was_interrupted(1)
    monkeypatch.setattr(STOPPING, "is_set", lambda: True)
    assert was_interrupted(1)
