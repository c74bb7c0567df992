"""The tables of the training side, one file each."""

from jobs.models.attempt import Attempt
from jobs.models.batch import BatchPrediction
from jobs.models.checkpoint import Checkpoint
from jobs.models.dataset import Dataset
from jobs.models.fleet import Alert, Fleet, Launch
from jobs.models.job import Job, Lane
from jobs.models.notice import Notice
from jobs.models.platform import PlatformStatus
from jobs.models.progress import Epoch, JobEvent
from jobs.models.server import Server
from jobs.models.trial import Trial
from jobs.models.upload_session import UploadSession
from jobs.models.uptime import Uptime
from jobs.models.versioned_dataset import DatasetSegment, DatasetVersion, ErasedSample, VersionedDataset

__all__ = [
    "Alert",
    "Attempt",
    "BatchPrediction",
    "Checkpoint",
    "Dataset",
    "DatasetSegment",
    "DatasetVersion",
    "Epoch",
    "ErasedSample",
    "Fleet",
    "Job",
    "JobEvent",
    "Lane",
    "Launch",
    "Notice",
    "PlatformStatus",
    "Server",
    "Trial",
    "UploadSession",
    "Uptime",
    "VersionedDataset",
]
