"""What files of several models have in common, stored once: kept as long as a model or an upload needs it.

Whoever relies on a part says so in its row before looking whether it is there. Whoever deletes one holds the lock of
that row, looks again whether anybody needs it, and deletes the row with the file. A model is published with a lock on
the rows of its parts, so none of them can go before it is known that the model needs them (docs/decisions/087).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from modelstore.ground import files
from modelstore.ground.segments import Segment, buffered
from modelstore.models import ModelVersion, SharedPart, TrainedModel
from training.bundle.manifest import SHA256, BundleDamaged, SharedRange, sha256, shared_range

# Longer than any worker holds a bundle that it has stored and not yet published, storage and database being away.
KEPT = timedelta(days=1)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def key(shared: SharedRange) -> str:
    """Where such a part is stored."""
    return SharedPart(sha256=shared.sha256).key


def ranges(manifest: Mapping[str, Any]) -> list[SharedRange]:
    """All that the files of a bundle share with others, by its model.json."""
    found = (shared_range(facts) for facts in manifest["files"].values())
    return [each for each in found if each is not None]


def shared_bytes(manifest: Mapping[str, Any]) -> int:
    """How large that is, in the whole files."""
    return sum(each.bytes for each in ranges(manifest))


def secure(source: Path, shared: SharedRange) -> None:
    """Sees to it that this range of a file lies in storage, whole, and stays there for KEPT at least.

    Not to be called in a transaction: nobody else would see that it is wanted. Raises BundleDamaged where the file does
    not have these bytes, and as `files.put`.
    """
    if sha256(source, shared.at, shared.bytes) != shared.sha256:
        raise BundleDamaged(f"{source.name} does not share what it says")
    SharedPart.objects.update_or_create(
        sha256=shared.sha256, defaults={"size_bytes": shared.bytes, "wanted": timezone.now()}
    )
    found = files.sha256_of(key(shared))
    if found != shared.sha256:
        # A damaged one is replaced: all models that need it are whole again.
        files.put_opened(partial(_opened, source, shared), key(shared), is_new=found is None)


def _opened(source: Path, shared: SharedRange) -> Any:
    return buffered([Segment(source.open("rb"), shared.at, shared.bytes)])


@transaction.atomic
def refer(owner: TrainedModel | ModelVersion, manifest: Mapping[str, Any]) -> None:
    """Notes which parts `owner` needs, by its model.json; call it inside the transaction that writes its row.

    Raises BundleDamaged where one has been deleted since it was secured.
    """
    wanted = {each.sha256 for each in ranges(manifest)}
    rows = SharedPart.objects.select_for_update(no_key=True).filter(sha256__in=wanted).order_by("sha256")
    found = list(rows) if wanted else []
    if len(found) != len(wanted):
        raise BundleDamaged("what the model shares with others was deleted before it was published")
    owner.shared_parts.set(found)


def unneeded(keys: Sequence[str], now: datetime) -> list[str]:
    """Those of these files that no model needs and no upload has asked for within KEPT."""
    named = SharedPart.objects.filter(sha256__in=[_name(key) for key in keys])
    rows, needed = {row.key: row for row in named}, {row.key for row in named.needed()}
    return [key for key in keys if key not in needed and (key not in rows or _is_due(rows[key], now))]


def remove(key: str, now: datetime) -> bool:
    """Deletes the file of a part with its row, unless somebody needs it by now; answers whether it did.

    Raises what the storage raises; then the row stays.
    """
    sha256 = _name(key)
    if SHA256.fullmatch(sha256) is None or SharedPart(sha256=sha256).key != key:
        # What a death in the middle of a put has left; nobody asks for it.
        default_storage.delete(key)
        return True
    with transaction.atomic():
        # An upload that asks for one without a row meanwhile waits for this one.
        SharedPart.objects.get_or_create(sha256=sha256, defaults={"size_bytes": 0, "wanted": _LONG_AGO})
        row = SharedPart.objects.select_for_update().get(sha256=sha256)
        if not _is_due(row, now) or row.models.exists() or row.versions.exists():
            return False
        row.delete()
        default_storage.delete(key)
    return True


def _is_due(row: SharedPart, now: datetime) -> bool:
    return now - row.wanted > KEPT


def _name(key: str) -> str:
    return key.rpartition("/")[2]
