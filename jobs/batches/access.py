"""The only way from the tokens in a request to a batch, or to a measurement, which is one with labels."""

from jobs.batches.errors import BatchUnknown, EvaluationUnknown
from jobs.models import BatchPrediction
from modelstore.access import get_model
from modelstore.models import find


def get_batch(model_token: str, token: str) -> BatchPrediction:
    """The batch `token` of the model `model_token`, which is loaded with it.

    Raises ModelUnknown (404) and ModelExpired (410) as for the model itself, BatchUnknown (404).
    """
    batch = _found(model_token, token, measures=False)
    if batch is None:
        raise BatchUnknown("This model has no batch with this token. Check that you copied all of it.")
    return batch


def get_evaluation(model_token: str, token: str) -> BatchPrediction:
    """The measurement `token` of the model `model_token`, which is loaded with it.

    Raises ModelUnknown (404), ModelExpired (410), EvaluationUnknown (404).
    """
    batch = _found(model_token, token, measures=True)
    if batch is None:
        raise EvaluationUnknown(
            "This model has no measurement with this token. Check that you copied all of it."
        )
    return batch


def _found(model_token: str, token: str, *, measures: bool) -> BatchPrediction | None:
    model = get_model(model_token)
    batch = find(BatchPrediction.objects.filter(model=model, reading__isnull=not measures), token)
    if batch is not None:
        batch.model = model
    return batch
