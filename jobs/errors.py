"""Refusals of the training side."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelstore.ground.errors import FlashError


class SubmissionInvalid(FlashError):
    code = "invalid"
    title = "The request has errors"


class DevMode(FlashError):
    status = 503
    code = "dev_mode"
    title = "Flash is under maintenance"


class QueueFull(FlashError):
    status = 503
    code = "queue_full"
    title = "The queue is full"


class CapReached(FlashError):
    status = 429
    code = "cap_reached"
    title = "The budget for training is used up"


class JobUnknown(FlashError):
    status = 404
    code = "job_not_found"
    title = "There is no such job"


class DatasetUnknown(FlashError):
    status = 404
    code = "dataset_not_found"
    title = "There is no such dataset"


class VersionUnknown(FlashError):
    """No such dataset of versions, or no such version of it."""

    status = 404
    code = "version_not_found"
    title = "There is no such version"


class NotPossibleNow(FlashError):
    status = 409
    code = "conflict"
    title = "That is no longer possible"


class NeedsChoice(FlashError):
    """Something about a dataset is open, so that nothing is learnt from it yet.

    `token` is that of the dataset, which stays; `questions` are the JSON of `jobs.uploads.findings.Question`.
    """

    status = 422
    code = "needs_choice"
    title = "A choice is needed"

    def __init__(self, *, token: str, questions: Sequence[Mapping[str, Any]]) -> None:
        asked = " ".join(str(question["message"]) for question in questions)
        super().__init__(
            f"{asked} Answer it, or accept what was taken for now (accept_guesses=true); the upload is kept.",
            fields={str(question["field"]): [str(question["message"])] for question in questions},
        )
        self.token = token
        self.questions = list(questions)


class LeaseLost(Exception):
    """This attempt no longer holds the job: another worker does, or the job has ended."""
