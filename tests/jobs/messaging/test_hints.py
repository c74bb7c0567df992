"""Hints to the workers: sent by name, heard by the actors of that name, and never an error."""

import subprocess
import sys
from datetime import timedelta

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from jobs import actors
from jobs.messaging import hints


def test_the_names_and_queues_are_those_of_the_actors() -> None:
    found = {
        name: actor.queue_name for name, actor in vars(actors).items() if isinstance(actor, dramatiq.Actor)
    }
    assert found == hints.QUEUES


def test_a_notice_may_be_sent_later(broker: StubBroker) -> None:
    hints.notify([7], delay=timedelta(seconds=30))
    assert broker.queues["control.DQ"].qsize() == 1


def test_a_dead_broker_is_asked_once_for_many_notices(
    broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(message: dramatiq.Message, **_: object) -> None:
        asked.append(message.args)
        raise ConnectionError

    monkeypatch.setattr(broker, "enqueue", refuse)
    hints.notify([1, 2, 3])
    assert asked == [(1,)]


def test_a_sender_loads_neither_models_nor_the_worker() -> None:
    code = (
        "import sys; from jobs.messaging import hints;"
        "print([name for name in sys.modules if name.startswith(('jobs.worker', 'jobs.models', 'jobs.actors'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
