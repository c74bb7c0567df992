"""Submits batches: the one way in for the site, the API and the command line."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from jobs.batches.errors import BatchesFull, BatchInvalid, refused_to_predict
from jobs.batches.options import BatchOptions
from jobs.datasets import intake, reading
from jobs.messaging import hints
from jobs.models import BatchPrediction, Job, PlatformStatus
from jobs.uploads.errors import UploadRefused
from modelstore.ground import temporary, tokens
from modelstore.models import TrainedModel
from training.kinds import kind_of

logger = logging.getLogger(__name__)

_RETRY_AFTER_SECONDS = 60
# Of a file and the user's name for it: the fields of its row that tell what it is. Refuses by raising.
Look = Callable[[Path, str], dict[str, Any]]


def check_accepting() -> None:
    """Raises BatchesFull when a batch would be refused right now; asked before an upload is read."""
    if BatchPrediction.objects.queued().count() >= settings.FLASH_BATCHES_WAITING:
        raise BatchesFull(
            "Many other files are waiting to be predicted. Try again in a minute.",
            retry_after=_RETRY_AFTER_SECONDS,
        )


def submit(
    *,
    model: TrainedModel,
    upload: intake.Upload,
    options: BatchOptions,
    idempotency_key: str | None = None,
    wake: bool = True,
) -> BatchPrediction:
    """Checks and stores the file and queues its prediction; a worker begins as soon as one is free.

    Raises UploadRefused, BatchInvalid, BatchesFull, StorageFull; then nothing is kept. The same
    `idempotency_key` with the same file answers the same batch.
    """

    def look(path: Path, name: str) -> dict[str, Any]:
        chosen = replace(options, learnt_columns=_learnt_columns(model)).to_json()
        try:
            kind, total = reading.look(task=model.task_type, path=path, name=name, options=chosen)
        except UploadRefused as refusal:
            raise refused_to_predict(refusal, kind_of(model.task_type)) from refusal
        return {"kind": kind, "total": total, "options": chosen}

    return take_in(
        model=model,
        upload=upload,
        look=look,
        asked=options.to_json(),
        idempotency_key=idempotency_key,
        wake=wake,
    )


def take_in(
    *,
    model: TrainedModel,
    upload: intake.Upload,
    look: Look,
    asked: Mapping[str, Any],
    idempotency_key: str | None,
    wake: bool,
) -> BatchPrediction:
    """Stores a file that `look` approves of and queues it; `asked` is what makes a repeat the same request.

    Raises what `look` raises, BatchInvalid, BatchesFull, StorageFull, UploadRefused (413); then nothing is kept.
    """
    check_accepting()
    with temporary.folder() as folder:
        path = folder / "upload"
        size, digest = intake.stream_to(path, upload)
        request = _scoped_key(idempotency_key, model, digest, asked)
        if known := _repeated(request, model):
            return known
        name = intake.clean_name(upload.name)
        batch = BatchPrediction.with_new_token(model=model, name=name, size_bytes=size, **look(path, name))
        if request:
            batch.keep_for_repeats(request)
        return _store(batch, path, request, wake)


def _learnt_columns(model: TrainedModel) -> tuple[str, ...]:
    """The columns of the table that the model learnt from; jobs of the version before did not keep them."""
    learnt = Job.objects.filter(model=model).values_list("reading", flat=True).first()
    return tuple((learnt or {}).get("input_columns", ()))


def _repeated(request: str | None, model: TrainedModel) -> BatchPrediction | None:
    """The batch that the same request made before, with `model`, whose token is known."""
    if known := BatchPrediction.repeated(request):
        known.model = model
    return known


def _store(batch: BatchPrediction, path: Path, request: str | None, wake: bool) -> BatchPrediction:
    with intake.Movable(path) as file:
        batch.file.save(tokens.new_token(), file, save=False)
    try:
        with transaction.atomic():
            # One submission at a time counts the queue: the row lock on Postgres, BEGIN IMMEDIATE on SQLite.
            PlatformStatus.objects.select_for_update().filter(pk=PlatformStatus.current().pk).first()
            check_accepting()
            batch.save(force_insert=True)
            logger.info("Batch prediction %s is queued.", batch.pk)
            if wake:
                transaction.on_commit(hints.wake_batches)
    except BaseException as error:
        default_storage.delete(str(batch.file.name))
        # Two repeats at once: the other one made the batch.
        if isinstance(error, IntegrityError) and batch.model and (known := _repeated(request, batch.model)):
            return known
        raise
    return batch


def _scoped_key(key: str | None, model: TrainedModel, digest: str, asked: Mapping[str, Any]) -> str | None:
    """The key of a client counts for its request only: another file with the same key is another batch."""
    if not key:
        return None
    if len(key) > 255:
        raise BatchInvalid("The Idempotency-Key is longer than 255 characters.")
    parts: tuple[Any, ...] = (key, model.pk, digest, sorted(asked.items()))
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
