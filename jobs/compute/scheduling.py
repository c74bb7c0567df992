"""Brings servers and workers in line with the job rows."""

import logging

from jobs.compute import current_driver
from jobs.models import Job

logger = logging.getLogger(__name__)


def wake() -> None:
    """Asks the control worker to reconcile as soon as a job waits, also again; after a job's end the sweep is in time.

    A broker that is down costs nothing but time: the sweep repeats it.
    """
    from jobs import actors

    send(actors.reconcile)


def reconcile() -> int:
    """Starts what the waiting jobs need and hints the training workers; answers how many jobs wait."""
    from jobs import actors

    waiting = Job.objects.queued().count()
    try:
        current_driver().reconcile()
    except Exception:
        # A cloud that does not answer must not keep the workers that are there from their work.
        logger.exception("The machines could not be brought in line; the next pass tries again.")
    if waiting:
        send(actors.train_next)
    return waiting


def send(actor: object) -> None:
    """Sends a hint; a broker that is down costs nothing but time."""
    try:
        actor.send()  # type: ignore[attr-defined]
    except Exception:
        # The job is committed: its row is the outbox, so a dead broker must not become an error page.
        logger.warning("The broker did not take a message; the next sweep sends it again.", exc_info=True)
