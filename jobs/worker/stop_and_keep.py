"""Tells a training to end early, with the best model so far, when its owner has seen enough."""

from typing import Any

from django.db import DatabaseError

from jobs.models import Job
from jobs.queue import lifecycle
from jobs.worker.child import Child


class StopAndKeep:
    """Looks now and then whether the job's owner asked for it; `told` once the child knows."""

    def __init__(self, job: Job, child: Child) -> None:
        self.told = False
        self._job, self._child = job, child
        self._trains = False

    def hear(self, event: dict[str, Any]) -> None:
        """Learns from the child's events when it has begun to train: before, it has nothing to keep."""
        self._trains = self._trains or (event.get("event"), event.get("phase")) == ("phase", "training")

    def look(self) -> None:
        """Asks the child to finish, once, if the job's row says so."""
        if self.told or not self._trains:
            return
        try:
            self.told = lifecycle.is_keep_requested(job=self._job)
        except DatabaseError:
            return  # the next look, on a connection that works again
        if self.told:
            self._child.finish()
