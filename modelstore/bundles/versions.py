"""The versions of a model: bundles that answered under its token before, and those that were kept from it.

They live as long as the model, so that the owner can look at them and let another one answer.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from modelstore.access import gone_model
from modelstore.bundles import shared_parts, store
from modelstore.ground.errors import FlashError
from modelstore.models import ModelVersion, TrainedModel

# Besides the one that answers; of more the oldest go.
MOST_KEPT = 3


class VersionUnknown(FlashError):
    """The model has no such version, or has it no longer."""

    status = 404
    code = "version_not_found"
    title = "There is no such version of this model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version; `bundle` is a row, in no table, of the model as it is with it."""

    number: int
    answers: bool
    answered: bool
    trained: datetime
    bundle: TrainedModel

    @property
    def comparison(self) -> dict[str, Any] | None:
        """How it stands to the version that it was trained to replace (training.evaluation.comparison)."""
        told: dict[str, Any] | None = self.bundle.report.get("previous")
        return told

    @property
    def flips(self) -> dict[str, Any]:
        """Validation samples that the two answer differently; {} where that is not known."""
        found: dict[str, Any] = (self.comparison or {}).get("flips", {})
        return found


def take_over(*, model: TrainedModel, prefix: str, folder: Path) -> None:
    """Lets the bundle uploaded from `folder` answer for `model` and keeps the one that did; its life begins anew.

    Call it inside the publishing transaction.
    """
    _keep(model)
    model.latest_version += 1
    model.version = model.latest_version
    store.put_in_place(model=model, prefix=prefix, columns=store.bundle_fields(folder))
    store.begin_life(model=model)
    _forget_oldest(model)


def keep_apart(*, model: TrainedModel, prefix: str, folder: Path) -> None:
    """Keeps the bundle uploaded from `folder` as a version that does not answer; as `take_over`."""
    model.latest_version += 1
    model.save(update_fields=["latest_version"])
    version = ModelVersion.objects.create(
        model=model,
        number=model.latest_version,
        storage_prefix=store.check_prefix(prefix),
        columns=store.bundle_fields(folder),
        answered=False,
    )
    shared_parts.refer(version, version.columns["manifest"])
    _forget_oldest(model)


@transaction.atomic
def promote(*, model: TrainedModel, number: int) -> TrainedModel:
    """From now on version `number` answers; the one that did is kept. How long the model lives stays as it is.

    Raises VersionUnknown (404), ModelExpired (410) if the model is gone.
    """
    # Locked as at the end of a training, which decides about the same row.
    found = TrainedModel.objects.select_for_update().filter(pk=model.pk).first()
    if found is None:
        raise gone_model(model.token_digest)
    if found.version == number:
        return found
    version = found.versions.filter(number=number).first()
    if version is None:
        raise _unknown(number)
    version.delete()
    _keep(found)
    found.version = number
    store.put_in_place(model=found, prefix=version.storage_prefix, columns=version.columns)
    return found


def versions_of(model: TrainedModel) -> list[Version]:
    """All that are kept, the latest first."""
    answering = Version(
        number=model.version, answers=True, answered=True, trained=model.created, bundle=model
    )
    others = [_told(model, row) for row in model.versions.all()]
    return sorted([answering, *others], key=lambda version: -version.number)


def version_of(model: TrainedModel, number: int) -> Version:
    """One of them; raises VersionUnknown (404)."""
    for version in versions_of(model):
        if version.number == number:
            return version
    raise _unknown(number)


def _told(model: TrainedModel, row: ModelVersion) -> Version:
    fields = {field.attname: getattr(model, field.attname) for field in model._meta.concrete_fields}
    fields |= {**row.columns, "storage_prefix": row.storage_prefix, "version": row.number}
    return Version(
        number=row.number,
        answers=False,
        answered=row.answered,
        trained=row.trained,
        bundle=TrainedModel(**fields),
    )


def _keep(model: TrainedModel) -> None:
    """The bundle that answers becomes a version; its files stay where they are."""
    version = ModelVersion.objects.create(
        model=model,
        number=model.version,
        storage_prefix=model.storage_prefix,
        columns={name: getattr(model, name) for name in store.BUNDLE_COLUMNS},
        answered=True,
        trained=model.created,
    )
    shared_parts.refer(version, model.manifest)


def _forget_oldest(model: TrainedModel) -> None:
    for version in model.versions.order_by("-number")[MOST_KEPT:]:
        store.abandon(prefix=version.storage_prefix)
        version.delete()


def _unknown(number: int) -> VersionUnknown:
    return VersionUnknown(
        f"There is no version {number} of this model, or it is no longer kept: besides the one that answers, "
        f"the latest {MOST_KEPT} are."
    )
