"""The only way from the tokens in a request to a batch."""

from jobs.batches.errors import BatchUnknown
from jobs.models import BatchPrediction
from modelstore.access import get_model
from modelstore.ground import tokens


def get_batch(model_token: str, token: str) -> BatchPrediction:
    """The batch `token` of the model `model_token`, which is loaded with it.

    Raises ModelUnknown (404) and ModelExpired (410) as for the model itself, BatchUnknown (404).
    """
    model = get_model(model_token)
    batch = BatchPrediction.objects.filter(model=model, token_digest=tokens.digest(token)).first()
    if batch is None:
        raise BatchUnknown("This model has no batch with this token. Check that you copied all of it.")
    batch.model = model
    return batch
