"""The states of jobs and batch predictions and the legal transitions between them; written here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True, kw_only=True, slots=True)
class StateMachine:
    """States and what leads where, of jobs or of batches: one state waits, some run under a lease, the others end."""

    transitions: Mapping[str, frozenset[str]]
    waiting: str
    running: frozenset[str]

    @property
    def active(self) -> frozenset[str]:
        return self.running | {self.waiting}

    @property
    def ended(self) -> frozenset[str]:
        return frozenset(self.transitions) - self.active

    def sources_of(self, target: str) -> frozenset[str]:
        """The states from which `target` may be reached."""
        return frozenset(source for source, targets in self.transitions.items() if target in targets)


class JobStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    STARTING = "starting", "Starting"
    TRAINING = "training", "Training"
    DEPLOYING = "deploying", "Deploying"
    DEPLOYED = "deployed", "Deployed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


_ENDS = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})

# A lost lease leads back to queued; an operator's retry leads from the two bad ends back to queued.
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.STARTING}) | _ENDS,
    JobStatus.STARTING: frozenset({JobStatus.TRAINING, JobStatus.QUEUED}) | _ENDS,
    JobStatus.TRAINING: frozenset({JobStatus.DEPLOYING, JobStatus.QUEUED}) | _ENDS,
    JobStatus.DEPLOYING: frozenset({JobStatus.DEPLOYED, JobStatus.QUEUED}) | _ENDS,
    JobStatus.DEPLOYED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
}
RUNNING = frozenset({JobStatus.STARTING, JobStatus.TRAINING, JobStatus.DEPLOYING})
ACTIVE = RUNNING | {JobStatus.QUEUED}
ENDED = frozenset(JobStatus) - ACTIVE
JOBS = StateMachine(
    transitions={str(state): frozenset(map(str, targets)) for state, targets in TRANSITIONS.items()},
    waiting=JobStatus.QUEUED,
    running=frozenset(map(str, RUNNING)),
)


class BatchStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


_BATCH_ENDS = frozenset({str(BatchStatus.FAILED), str(BatchStatus.CANCELLED)})
BATCHES = StateMachine(
    transitions={
        "queued": frozenset({"running"}) | _BATCH_ENDS,
        "running": frozenset({"done", "queued"}) | _BATCH_ENDS,
        "done": frozenset(),
        "failed": frozenset(),
        "cancelled": frozenset(),
    },
    waiting=BatchStatus.QUEUED,
    running=frozenset({str(BatchStatus.RUNNING)}),
)


def sources_of(target: JobStatus) -> frozenset[JobStatus]:
    """The states from which `target` may be reached."""
    return frozenset(JobStatus(state) for state in JOBS.sources_of(target))
