"""Refusals of batch predictions."""

from modelstore.ground.errors import FlashError


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
