"""Refusals of batch predictions."""

import re

from jobs.uploads.errors import PICTURES_EXAMPLE, TABLE_EXAMPLE, UploadRefused
from modelstore.ground.errors import FlashError
from training.kinds import Kind

# What readers that training and predictions share say of data to learn from.
_TRAINING_ADVICE = re.compile(
    "|".join(
        [
            r"Flash takes a zip of pictures or a table of sentences\.",
            r"Choose \w+ instead\.",
            re.escape(PICTURES_EXAMPLE),
            re.escape(TABLE_EXAMPLE),
        ]
    )
)


class BatchUnknown(FlashError):
    status = 404
    code = "batch_not_found"
    title = "There is no such batch"


class BatchInvalid(FlashError):
    code = "invalid"
    title = "The request has errors"


class BatchesFull(FlashError):
    status = 503
    code = "queue_full"
    title = "The queue is full"


class ResultsNotReady(FlashError):
    status = 409
    code = "results_not_ready"
    title = "There are no results yet"


def refused_to_predict(refusal: UploadRefused, kind: Kind) -> UploadRefused:
    """The same refusal of a file to predict: no word of datasets, but of what can be sent for this kind."""
    detail = _TRAINING_ADVICE.sub("", refusal.detail)
    formats = " or ".join(kind.batch_formats.values())
    if detail != refusal.detail:
        detail = f"{detail} Here you can send {formats}."
    told = UploadRefused(
        " ".join(detail.split()),
        status=refusal.status,
        code=refusal.code,
        fields=refusal.fields,
        notes=refusal.notes,
    )
    told.columns = refusal.columns
    if refusal.status == 422:
        told.title = "The file cannot be predicted"  # type: ignore[misc]
    return told
