"""The ready-made model that one can try before having data; the project ships its bundle."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from django.db import transaction

from modelstore.bundles import shared_parts, store
from modelstore.ground.tokens import digest
from modelstore.models import RetiredToken, Tombstone, TrainedModel
from training.bundle.manifest import MANIFEST_FILE, Manifest, sha256

TOKEN = "demo"  # noqa: S105 - everybody may know it
FOLDER = Path(__file__).resolve().parents[1] / "demo" / "bundle"


class Loaded(StrEnum):
    """What `load` found and did."""

    MISSING = "missing"
    RETIRED = "retired"
    UNCHANGED = "unchanged"
    LOADED = "loaded"


def load(*, folder: Path = FOLDER, force: bool = False) -> Loaded:
    """Stores the shipped bundle as a pinned model under TOKEN, or a new version of it in place of the old.

    Safe to repeat. A demo that an operator expired comes back only with `force`.
    """
    if not (folder / MANIFEST_FILE).is_file():
        return Loaded.MISSING
    # The prefix names the content: another bundle lies in another place.
    prefix = f"demo/bundle/{sha256(folder / MANIFEST_FILE)[:16]}"
    row = TrainedModel.objects.filter(token_digest=digest(TOKEN)).first()
    if row is None and not force and RetiredToken.objects.filter(token_digest=digest(TOKEN)).exists():
        return Loaded.RETIRED
    if row is not None and row.storage_prefix == prefix and not force:
        return Loaded.UNCHANGED
    store.upload_bundle(folder=folder, prefix=prefix)
    old = _publish(prefix, folder)
    if old is not None:
        store.bury(tombstone=old)
    return Loaded.LOADED


@transaction.atomic
def _publish(prefix: str, folder: Path) -> Tombstone | None:
    """Writes or changes the row; answers the tombstone of the files that it named before."""
    name = Manifest.read(folder).task_name or "Demo"
    row = TrainedModel.objects.select_for_update().filter(token_digest=digest(TOKEN)).first()
    Tombstone.objects.filter(storage_prefix=prefix).delete()
    if row is None:
        store.create_model(
            token_digest=digest(TOKEN),
            prefix=prefix,
            folder=folder,
            task_name=name,
            downloadable=True,
            pinned=True,
        )
        return None
    before = row.storage_prefix
    values: dict[str, Any] = {**store.bundle_fields(folder), "storage_prefix": prefix, "task_name": name}
    TrainedModel.objects.filter(pk=row.pk).update(**values, pinned=True, expires_override=None)
    row.refresh_from_db()
    shared_parts.refer(row, row.manifest)
    if before == prefix:
        return None
    return Tombstone.objects.get_or_create(storage_prefix=before)[0]
