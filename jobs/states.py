"""The states of a job and the legal transitions between them; written here and nowhere else."""

from django.db import models


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


def sources_of(target: JobStatus) -> frozenset[JobStatus]:
    """The states from which `target` may be reached."""
    return frozenset(source for source, targets in TRANSITIONS.items() if target in targets)
