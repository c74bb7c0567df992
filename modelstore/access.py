"""The one gate to a model: whoever holds its token, while it lives."""

import logging
import time

from django.conf import settings
from django.utils import timezone

from modelstore.ground.errors import FlashError
from modelstore.ground.known_kind import check_kind
from modelstore.ground.tokens import digest, is_number
from modelstore.models import CleanupPolicy, RetiredToken, TrainedModel, find

logger = logging.getLogger(__name__)

# Rows that predictions looked up lately, by digest; one dictionary operation at a time needs no lock.
_known: dict[str, tuple[TrainedModel, CleanupPolicy, float]] = {}
_MOST_KNOWN = 2000


class ModelUnknown(FlashError):
    """No model ever had this token."""

    status = 404
    code = "model_not_found"
    title = "There is no such model"


class ModelExpired(FlashError):
    """The model's time is up, whether or not its files are gone yet."""

    status = 410
    code = "model_expired"
    title = "This model has expired"
    deleted = False


class ModelDeleted(ModelExpired):
    """Its owner ended it before its time; to programs that is the same."""

    title = "This model has been deleted"
    deleted = True


class ModelDamaged(FlashError):
    """The stored files are not the ones that were published; they are not served."""

    status = 503
    code = "model_damaged"
    title = "This model cannot be used"


class ModelReplaced(FlashError):
    """Another bundle took its place while it was being loaded."""

    status = 503
    code = "model_replaced"
    title = "This model is being replaced"


def unknown_model() -> ModelUnknown:
    """The refusal of a token that opens nothing."""
    return ModelUnknown(
        "There is no model with this token. Check that you copied all of it. "
        "If it is the token of a job, look at the job."
    )


def expired_model() -> ModelExpired:
    """The refusal of a token whose model is no more."""
    return ModelExpired("This model has expired and can no longer be used. Train it again to get a new one.")


def deleted_model() -> ModelDeleted:
    """The refusal of a token whose model somebody who had it deleted."""
    return ModelDeleted(
        "Somebody who had its token deleted this model before its time. Train it again to get a new one."
    )


def get_model(token: str) -> TrainedModel:
    """The live model behind `token`, in two queries.

    Raises ModelUnknown (404) or ModelExpired (410): the latter also after the row was pruned; KindUnknown (503).
    """
    model = find(TrainedModel.objects.all(), token)
    if model is None:
        raise gone_model(digest(token))
    return _live(model)


def named_model(words: str) -> TrainedModel:
    """For operators: the live model with this number, as lists show it, or of this token; raises as `get_model`."""
    if not is_number(words):
        return get_model(words)
    model = TrainedModel.objects.filter(pk=int(words)).first()
    if model is None:
        raise ModelUnknown("There is no model with this number: look at the list.")
    return _live(model)


def _live(model: TrainedModel) -> TrainedModel:
    if model.is_expired(CleanupPolicy.current(), timezone.now()):
        raise expired_model()
    check_kind(model.task_type)
    return model


def served_model(token: str) -> TrainedModel:
    """The live model behind `token`, without its report, for predictions; raises as `get_model` does.

    A row is looked up again after FLASH_MODEL_ROW_SECONDS at the latest: so long a deleted model may go on answering.
    Its expiry is looked at every time.
    """
    if (model := known_model(token)) is not None:
        return model
    key = digest(token)
    found = find(TrainedModel.objects.defer("report"), token)
    if found is None:
        raise gone_model(key)
    policy = CleanupPolicy.current()
    if found.is_expired(policy, timezone.now()):
        raise expired_model()
    check_kind(found.task_type)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[key] = (found, policy, time.monotonic())
    return found


def known_model(token: str) -> TrainedModel | None:
    """The same without a query: None if the row was not looked up lately. Raises ModelExpired (410)."""
    known = _known.get(digest(token))
    if known is None or time.monotonic() - known[2] >= settings.FLASH_MODEL_ROW_SECONDS:
        return None
    model, policy, _ = known
    if model.is_expired(policy, timezone.now()):
        raise expired_model()
    return model


def gone_model(token_digest: str) -> FlashError:
    """Why there is no row with this digest: it was retired, or there never was one."""
    deleted = RetiredToken.objects.filter(token_digest=token_digest).values_list("deleted", flat=True).first()
    if deleted is None:
        return unknown_model()
    return deleted_model() if deleted else expired_model()


def unusable_model(model: TrainedModel, reason: Exception) -> FlashError:
    """What to tell when a model's files are unusable: expired if it was pruned meanwhile, else damaged.

    Damage is logged as an error and noted in the row, of which an alert, the admin and a metric tell: an operator has
    to look.
    """
    if not TrainedModel.objects.filter(pk=model.pk).exists():
        return gone_model(model.token_digest)
    if not TrainedModel.objects.filter(pk=model.pk, storage_prefix=model.storage_prefix).exists():
        return ModelReplaced("A better model has just taken its place. Ask again.", retry_after=1)
    logger.error("model %s (%s) is damaged: %s", model.pk, model.storage_prefix, reason)
    TrainedModel.objects.filter(pk=model.pk).exclude(damaged_prefix=model.storage_prefix).update(
        damaged_prefix=model.storage_prefix
    )
    return ModelDamaged(
        "The stored files of this model are damaged, so it cannot be used. The operator has been notified; "
        "train it again if you need it now."
    )
