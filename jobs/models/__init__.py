"""The tables of the training side, one file each."""

from jobs.models.attempt import Attempt
from jobs.models.dataset import Dataset
from jobs.models.fleet import Alert, Fleet, Launch
from jobs.models.job import Job
from jobs.models.platform import PlatformStatus
from jobs.models.progress import Epoch, JobEvent
from jobs.models.server import Server

__all__ = [
    "Alert",
    "Attempt",
    "Dataset",
    "Epoch",
    "Fleet",
    "Job",
    "JobEvent",
    "Launch",
    "PlatformStatus",
    "Server",
]
