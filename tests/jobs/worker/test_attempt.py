"""What is the same of an attempt at a job and at a batch."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.worker.attempt import apply_event, attempt, was_interrupted
from jobs.worker.child import EXIT_INTERRUPTED
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING

Make = Callable[..., Job]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (None, []),
        (LeaseLost(), []),
        (RuntimeError("a mistake of ours"), [True]),
        (OperationalError("database is locked"), [False]),
        (InterfaceError("connection is closed"), [False]),
    ],
)
def test_only_what_goes_wrong_with_us_puts_the_row_back_and_a_busy_database_costs_no_try(
    make_job: Make, error: Exception | None, blamed: list[bool]
) -> None:
    requeued: list[bool] = []

    def work(_: Heartbeat) -> None:
        if error:
            raise error

    attempt(make_job(), work, requeue=requeued.append)
    assert requeued == blamed


@pytest.mark.django_db
def test_a_row_that_somebody_else_put_back_is_left_to_them(make_job: Make) -> None:
    def work(_: Heartbeat) -> None:
        raise RuntimeError

    def requeue(_: bool) -> None:
        raise LeaseLost

    attempt(make_job(), work, requeue=requeue)


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
