"""What the owner of a model may do about its life: make it longer, within the policy, or end it now.

Whoever holds the token is the owner: there is no other key to a model.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from modelstore.access import gone_model
from modelstore.bundles import store
from modelstore.ground.errors import FlashError
from modelstore.models import CleanupPolicy, TrainedModel


class NotExtendable(FlashError):
    """This model lives as long as it may, or for ever."""

    status = 409
    code = "not_extendable"
    title = "This model cannot live longer"


class NotDeletable(FlashError):
    """An operator pinned it."""

    status = 403
    code = "not_deletable"
    title = "This model cannot be deleted"


class StillTraining(FlashError):
    """The end of its training would bring another one under the same token."""

    status = 409
    code = "still_training"
    title = "Its training is still going on"


def longest_expiry(model: TrainedModel, policy: CleanupPolicy, now: datetime) -> datetime | None:
    """Until when `extend` would let it live now; None where that is no longer than it does anyway."""
    expires = model.expires(policy)
    if expires is None:
        return None
    possible = min(now + policy.retention, model.created + policy.longest)
    return possible if possible > expires else None


def extend(*, model: TrainedModel) -> datetime:
    """Let it live for another retention time from now, but not beyond the policy's longest life; gives the end.

    Raises NotExtendable (409), ModelExpired (410) if it was pruned meanwhile.
    """
    policy, now = CleanupPolicy.current(), timezone.now()
    until = longest_expiry(model, policy, now)
    if until is None:
        raise NotExtendable(_reason(model, policy))
    rows = TrainedModel.objects.filter(pk=model.pk, expires_override=model.expires_override, pinned=False)
    if model.expires_override is None:
        rows = TrainedModel.objects.filter(pk=model.pk, expires_override__isnull=True, pinned=False)
    if not rows.update(expires_override=until):
        changed = TrainedModel.objects.filter(pk=model.pk).first()
        if changed is None:
            raise gone_model(model.token_digest)
        raise NotExtendable("Somebody has just changed how long it lives. Reload the page and try again.")
    model.expires_override = until
    return until


def delete(*, model: TrainedModel) -> None:
    """End its life now: nobody is served by it any more, and its files go.

    Raises NotDeletable (403), StillTraining (409) of a first model, ModelExpired (410) if it is gone already.
    """
    if model.pinned:
        raise NotDeletable("The operator of this site keeps this model for everyone.")
    with transaction.atomic():
        # Locked as at the end of a training, which decides about the same row.
        found = TrainedModel.objects.select_for_update().filter(pk=model.pk).first()
        if found is None:
            raise gone_model(model.token_digest)
        if is_first(found):
            raise StillTraining(
                "This is its first model, and another would get the same token. Cancel the training, "
                "which also deletes this model, or wait until it ends."
            )
        store.delete_model(found)


def is_first(model: TrainedModel) -> bool:
    """Whether the job of `model` still trains, so that the model is one for the time being."""
    return TrainedModel.objects.filter(pk=model.pk, job__isnull=False, job__finished=None).exists()


def _reason(model: TrainedModel, policy: CleanupPolicy) -> str:
    expires = model.expires(policy)
    if expires is None:
        return "It never expires."
    keep = "Download it to keep it." if model.downloadable else "Ask the operator to keep it."
    if not policy.longest:
        return f"The operator of this site does not allow models to live longer. {keep}"
    if expires >= model.created + policy.longest:
        return f"It already lives as long as models may live here. {keep}"
    return "It was extended a moment ago. Try again later."
