"""Estimates follow what the machine does now, and it is counted how often they come true."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Job
from jobs.money.kept_estimates import kept_estimates
from jobs.money.quotes import Quoter, left_of
from jobs.money.slowdown import slowdown
from jobs.states import JobStatus
from tests.tasks import Task
from training.ground.control import available_cores
from training.ground.recipe import resolve

pytestmark = pytest.mark.django_db
Make = Callable[..., Job]
CONFIG = resolve(Task.TEXT, {"preset": "best", "epochs": 50}).to_json()


def busy(monkeypatch: pytest.MonkeyPatch, programs: float) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (programs * available_cores(), 0.0, 0.0))


def test_other_programs_make_it_longer_and_our_own_trainings_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slowdown(0) == 1
    busy(monkeypatch, 2)
    assert (slowdown(0), slowdown(1), slowdown(2)) == (3, 2, 1)
    busy(monkeypatch, 100)
    assert slowdown(0) == 6


def test_a_quote_on_a_busy_machine_is_longer_and_the_queue_goes_by_the_job_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = Quoter().quote(CONFIG, 1000)
    busy(monkeypatch, 2)
    among = Quoter().quote(CONFIG, 1000)
    assert among.training.expected == pytest.approx(3 * alone.training.expected)
    assert among.undisturbed_seconds == pytest.approx(alone.training.expected)
    assert among.to_json()["slowdown"] == 3


def ended(make_job: Make, took: float, **values: Any) -> Job:
    now = timezone.now()
    told = {"training_seconds": {"low": 10, "expected": 20, "high": 40}}
    fields = {"quote": told, "attempt": 1, "started": now - timedelta(seconds=took), "finished": now}
    return make_job(status=JobStatus.DEPLOYED, **{**fields, **values})


def test_what_was_told_is_held_against_what_came(make_job: Make) -> None:
    assert kept_estimates().share is None
    for took in (12, 30, 39, 90, 5):
        ended(make_job, took)
    # Not a first try, stopped by its owner, nothing told.
    for values in ({"attempt": 2}, {"keep_best": True}, {"quote": None}):
        ended(make_job, 30, **values)
    found = kept_estimates()
    assert (found.count, found.within, found.longer, found.share) == (5, 3, 1, 0.6)


def test_a_running_job_is_corrected_by_how_far_it_is(make_job: Make) -> None:
    now = timezone.now()
    told = {"training_seconds": {"low": 100, "expected": 200, "high": 400}}
    job = make_job(status=JobStatus.TRAINING, quote=told, started=now - timedelta(seconds=150))
    assert (left_of(job, now).expected, left_of(job, now).high) == (50, 250)
    job.eta_seconds = 600
    assert left_of(job, now).expected == 600
