"""Hints to the workers, sent by the name of an actor of `jobs.actors`: a sender need not load what the actor does.

A broker that is down costs nothing but time: the row is the outbox, and the sweep sends the hint again.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

import dramatiq

from training.ground import log_lines

logger = logging.getLogger(__name__)

# The actors of jobs.actors and their queues; a test compares the two.
QUEUES = {
    "reconcile": "control",
    "train_next": "training",
    "train_next_short": "short_training",
    "notify": "control",
    "post_webhook": "webhooks",
    "predict_next": "control",
}


def wake_scheduler() -> None:
    """Asks the control worker to reconcile, as soon as a job waits (again); after a job's end the sweep is in time."""
    _send("reconcile")


def wake_trainers(*, short: bool = False) -> None:
    """Tells the training workers that a job waits, and those with a lane for short ones likewise."""
    _send("train_next")
    if short:
        _send("train_next_short")


def wake_batches() -> None:
    """Tells a worker that a batch waits."""
    _send("predict_next")


def notify(keys: Iterable[int], *, delay: timedelta = timedelta()) -> None:
    """Asks a worker to send the e-mails of these rows."""
    _send_each("notify", keys, delay)


def post_webhooks(keys: Iterable[int], *, delay: timedelta = timedelta()) -> None:
    """Asks a worker to post to the webhooks of these rows, which are slow as their owners please."""
    _send_each("post_webhook", keys, delay)


def _send_each(actor: str, keys: Iterable[int], delay: timedelta) -> None:
    for key in keys:
        if not _send(actor, key, delay=delay):
            return


def _send(actor: str, *arguments: int, delay: timedelta = timedelta()) -> bool:
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=QUEUES[actor], actor_name=actor, args=arguments, kwargs={}, options=_of_this_request()
    )
    try:
        broker = dramatiq.get_broker()
        broker.declare_queue(message.queue_name)
        broker.enqueue(message, delay=int(delay.total_seconds() * 1000) or None)
    except Exception:
        # What the hint is about is committed, so a dead broker must not become an error page.
        logger.warning("The broker did not take a message; the next sweep sends it again.", exc_info=True)
        return False
    return True


def _of_this_request() -> dict[str, str]:
    return {"request_id": name} if (name := log_lines.request_id()) else {}
