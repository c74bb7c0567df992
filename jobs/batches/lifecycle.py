"""The life of a batch: claim, progress and its ends. Every write is guarded by the fence (jobs.queue.leases)."""

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from jobs.models import BatchPrediction
from jobs.queue import leases
from jobs.queue.leases import held, require
from jobs.states import BatchStatus
from modelstore.ground import files


def claim(*, only: int | None = None) -> BatchPrediction | None:
    """Takes the next waiting batch, or the one with the id `only`; None when there is none."""
    waiting = BatchPrediction.objects.queued().select_related("model")
    return leases.claim(waiting if only is None else waiting.filter(pk=only), to=BatchStatus.RUNNING)


def record(*, batch: BatchPrediction, done: int, total: int, **values: Any) -> None:
    """How far it is; `values` are columns that go with it."""
    progress = done / total if total else 0.0
    leases.record_progress(batch, progress=progress, done=done, total=total, **values)


def record_first(*, batch: BatchPrediction, results: list[dict[str, Any]]) -> None:
    """The first results, for whoever watches."""
    require(held(batch).update(first=results) == 1)


@transaction.atomic
def publish(*, batch: BatchPrediction, prefix: str, summary: dict[str, Any]) -> None:
    """Makes the uploaded files the results of the batch; its upload goes.

    Raises LeaseLost also where its owner has cancelled it: what was promised then holds to the last moment.
    """
    values = {name: summary[name] for name in ("done", "bad", "counts", "summary")}
    require(
        BatchPrediction.objects.filter(cancel_requested=False).transition(
            batch.pk,
            BatchStatus.DONE,
            held_by=batch.fence,
            progress=1,
            total=summary["done"],
            results_prefix=prefix,
            **values,
        )
    )
    drop_upload(batch)


@transaction.atomic
def fail(*, batch: BatchPrediction, error: str) -> None:
    """Ends the batch with a sentence for its owner."""
    require(
        BatchPrediction.objects.transition(batch.pk, BatchStatus.FAILED, held_by=batch.fence, error=error)
    )
    drop_upload(batch)


@transaction.atomic
def finish_cancelled(*, batch: BatchPrediction) -> None:
    require(BatchPrediction.objects.transition(batch.pk, BatchStatus.CANCELLED, held_by=batch.fence))
    drop_upload(batch)


def finish_if_cancelled(*, batch: BatchPrediction) -> bool:
    """Ends a batch that its owner has cancelled meanwhile; False when that is not what happened."""
    if not held(batch).filter(cancel_requested=True).exists():
        return False
    finish_cancelled(batch=batch)
    return True


@transaction.atomic
def cancel(*, batch: BatchPrediction) -> bool:
    """Cancels a waiting batch at once and asks a running one to stop; False when it had already ended."""
    asked = leases.cancel(batch, cancelled=BatchStatus.CANCELLED)
    batch.refresh_from_db(fields=["status", "cancel_requested"])
    if asked and batch.is_ended:
        drop_upload(batch)
    return asked


def requeue(*, batch: BatchPrediction, reason: str, blame: bool) -> None:
    """Back into the queue, in its old place; failed instead after too many tries that count against it.

    One that its owner has cancelled ends.
    """
    if finish_if_cancelled(batch=batch):
        return
    leases.requeue(
        batch,
        reason=reason,
        blame=blame,
        what="It",
        fail=lambda sentence: fail(batch=batch, error=sentence),
    )


def drop_upload(batch: BatchPrediction) -> None:
    """Takes the user's file away once this transaction is committed: nobody needs it any more."""
    key = str(batch.file.name or "")
    BatchPrediction.objects.filter(pk=batch.pk).update(file="")
    if key:
        transaction.on_commit(lambda: default_storage.delete(key), robust=True)


def discard(batch: BatchPrediction) -> None:
    """Deletes row and files; a file that cannot be deleted now is found by the sweep later."""
    key, prefix = str(batch.file.name or ""), batch.results_prefix
    batch.delete()
    if key:
        default_storage.delete(key)
    if prefix:
        files.delete_folder(prefix)
