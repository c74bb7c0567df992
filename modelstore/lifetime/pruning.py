"""Deletes expired models, rows and files, and nothing else; safe to run at any time, twice, or after a crash."""

import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from modelstore.bundles.store import bury, retire
from modelstore.lifetime import clock, deletion_guard
from modelstore.models import CleanupPolicy, PruneState, Tombstone, TrainedModel

logger = logging.getLogger(__name__)

# A wrong policy or clock costs no more than this many models before somebody can look.
MAX_PER_RUN = 1000
_LOCK = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class PrunedModel:
    """One model that went, or would go; no token, for this is logged."""

    id: int
    task_name: str
    created: datetime
    size_bytes: int


@dataclass(kw_only=True, slots=True)
class PruneResult:
    """What a run did. `files_left` counts tombstones whose files the storage did not let go: the next run tries."""

    dry_run: bool
    pruned: list[PrunedModel] = field(default_factory=list)
    held_back: int = 0
    files_left: int = 0
    refused: str = ""

    @property
    def freed_bytes(self) -> int:
        """The size of what was pruned."""
        return sum(model.size_bytes for model in self.pruned)

    def to_json(self) -> dict[str, Any]:
        """For `--json`; times in ISO 8601."""
        rows = [asdict(model) | {"created": model.created.isoformat()} for model in self.pruned]
        return {
            "dry_run": self.dry_run,
            "pruned": rows,
            "freed_bytes": self.freed_bytes,
            "held_back": self.held_back,
            "files_left": self.files_left,
            "refused": self.refused,
        }


def models_to_prune(
    models: Iterable[TrainedModel], policy: CleanupPolicy, now: datetime
) -> list[TrainedModel]:
    """Those of `models` that are expired at `now`; asks nothing of the database."""
    return [model for model in models if model.is_expired(policy, now)]


def prune(*, now: datetime | None = None, dry_run: bool = False, everything: bool = False) -> PruneResult:
    """Retires what is expired and deletes its files; then tries again what earlier runs could not delete.

    Without `now` the database's time counts, and a clock that jumped stops the run (`refused` says so); a caller
    who gives the time vouches for it. At most MAX_PER_RUN models go at once. `everything` lifts both.
    """
    result = PruneResult(dry_run=dry_run)
    moment = now or clock.database_time()
    with _lock(moment, dry_run) as mine:
        if not mine:
            result.refused = "another run is in progress"
            return result
        if now is None:
            result.refused = _clock_refusal(moment, keep=not dry_run, accept=everything)
        if not result.refused:
            _prune_models(result, moment, None if everything else MAX_PER_RUN)
        if not dry_run:
            _bury_all()
        result.files_left = Tombstone.objects.count()
    return result


def _prune_models(result: PruneResult, now: datetime, most: int | None) -> None:
    policy = CleanupPolicy.current()
    # The sub-query is read by the indexes of what expires; sorted, the whole table would be.
    found = TrainedModel.objects.expired(now, policy).values("pk")
    due = TrainedModel.objects.filter(pk__in=found).order_by("created", "pk").defer("report", "manifest")
    for model in models_to_prune(due[:most], policy, now):
        entry = PrunedModel(
            id=model.pk, task_name=model.task_name, created=model.created, size_bytes=model.size_bytes
        )
        if result.dry_run or _retire_if_expired(model.pk, now):
            result.pruned.append(entry)
    result.held_back = max(0, due.count() - (len(result.pruned) if result.dry_run else 0))
    if result.held_back:
        logger.warning("%d more expired models wait for the next run", result.held_back)


@transaction.atomic
def _retire_if_expired(pk: int, now: datetime) -> bool:
    """Looks again under a lock: it may have been pinned, or pruned by somebody else, since it was listed."""
    # SQLite has no row locks; there the transaction itself, which is IMMEDIATE, keeps all others out.
    row = TrainedModel.objects.select_for_update().expired(now).filter(pk=pk).first()
    if row is None:
        return False
    retire(model=row)
    logger.info("model %d has expired and is deleted", pk)
    return True


def _bury_all() -> None:
    for tombstone in Tombstone.objects.order_by("failures", "pk"):
        bury(tombstone=tombstone)


def _clock_refusal(now: datetime, *, keep: bool, accept: bool) -> str:
    reason = deletion_guard.refusal(now, keep=keep, accept=accept)
    if keep:
        PruneState.objects.filter(pk=1).update(last_run=now, last_alert=reason)
    if reason:
        logger.error("no model is deleted: %s. Correct the clock, or run prune_models --all.", reason)
    return reason


@contextmanager
def _lock(now: datetime, dry_run: bool) -> Iterator[bool]:
    """True for one process at a time; a run that was killed holds it for _LOCK at most."""
    if dry_run:
        yield True
        return
    PruneState.objects.get_or_create(pk=1)
    owner = secrets.token_hex(8)
    # A lock further away than any run asks for was taken before the clock was put back.
    free = Q(locked_until=None) | Q(locked_until__lte=now) | Q(locked_until__gt=now + _LOCK)
    mine = PruneState.objects.filter(free, pk=1).update(locked_until=now + _LOCK, lock_owner=owner) == 1
    try:
        yield mine
    finally:
        PruneState.objects.filter(pk=1, lock_owner=owner).update(locked_until=None, lock_owner="")
