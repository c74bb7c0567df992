"""Tells a worker that a batch waits."""

from jobs.compute import scheduling


def wake() -> None:
    """A hint: the row is the outbox, and the sweep sends it again."""
    from jobs import actors

    scheduling.send(actors.predict_next)
