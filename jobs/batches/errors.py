"""Refusals of batch predictions."""

from jobs.uploads.errors import UploadRefused
from jobs.uploads.right_form import all_advice
from modelstore.ground.errors import FlashError
from training.kinds import Kind


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
    detail = refusal.detail
    # What readers that training and predictions share say of data to learn from.
    for advice in all_advice():
        detail = detail.replace(advice, "")
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
