"""How a trial of a search stands; for the web, too, so nothing else is here."""

from enum import StrEnum


class TrialState(StrEnum):
    """One that failed costs the search nothing but its time."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
