"""Bundles in storage and the rows that name them."""

import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from modelstore.bundles import local_cache, shared_parts, stored_files
from modelstore.ground import files
from modelstore.models import CleanupPolicy, ModelVersion, RetiredToken, Tombstone, TrainedModel
from training.bundle.manifest import MANIFEST_FILE, REPORT_FILE, Manifest, verify
from training.score import ACCURACY, Score

logger = logging.getLogger(__name__)

# Three parts exactly: no bundle's folder can lie inside another's.
_PREFIX = re.compile(r"[a-z]+/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+")


def check_prefix(prefix: str) -> str:
    """`prefix` without slashes around it; ValueError unless it is like `jobs/<id>/<fence>`."""
    bare = prefix.strip("/")
    if not _PREFIX.fullmatch(bare):
        raise ValueError(f"{prefix!r} is not a place for a bundle: it must be like jobs/12/3")
    return bare


def upload_bundle(*, folder: Path, prefix: str) -> None:
    """Stores every file of a complete bundle under `prefix`, model.json last; no row of a model is written.

    What its files share with other models is stored apart, unless it is there. Safe to repeat; not to be called in a
    transaction. Raises training.bundle.manifest.BundleDamaged if a file is not what model.json says, and what the
    storage raises; then nothing of it stays in storage but what is shared.
    """
    bare = check_prefix(prefix)
    manifest = Manifest.read(folder)
    verify(folder, manifest)
    try:
        for name in (*sorted(set(manifest.files) - {MANIFEST_FILE}), MANIFEST_FILE):
            stored_files.put(folder / name, f"{bare}/{name}", manifest.files.get(name, {}))
    except BaseException:
        with suppress(Exception):
            files.delete_folder(bare)
        raise


def create_model(
    *, token_digest: str, prefix: str, folder: Path, task_name: str, downloadable: bool, pinned: bool = False
) -> TrainedModel:
    """Writes the row of a bundle uploaded from `folder`; call it inside the publishing transaction.

    Raises BundleDamaged where what it shares with other models is gone since.
    """
    model = TrainedModel.objects.create(
        token_digest=token_digest,
        task_name=task_name,
        storage_prefix=check_prefix(prefix),
        downloadable=downloadable,
        pinned=pinned,
        **bundle_fields(folder),
    )
    shared_parts.refer(model, model.manifest)
    return model


def bundle_fields(folder: Path) -> dict[str, Any]:
    """The columns that come from the bundle's own files."""
    manifest = Manifest.read(folder)
    whole = sum((folder / name).stat().st_size for name in {*manifest.files, MANIFEST_FILE})
    return {
        "task_type": str(manifest.task),
        "model_name": manifest.model,
        "classes": list(manifest.classes),
        **_score_fields(manifest.measured()),
        **_test_fields(manifest.tested()),
        "report": json.loads((folder / REPORT_FILE).read_text("utf-8")),
        "manifest": json.loads((folder / MANIFEST_FILE).read_text("utf-8")),
        "size_bytes": whole - shared_parts.shared_bytes({"files": manifest.files}),
    }


# Their names.
BUNDLE_COLUMNS = (
    "task_type", "model_name", "classes", "score_name", "score_value", "score_low", "score_high", "accuracy",
    "accuracy_low", "accuracy_high", "test_value", "test_low", "test_high", "test_count", "report", "manifest",
    "size_bytes",
)  # fmt: skip


def _score_fields(score: Score) -> dict[str, Any]:
    low, high = score.interval or (None, None)
    fields = {"score_name": score.name, "score_value": score.value, "score_low": low, "score_high": high}
    accuracy = (score.value, low, high) if score.name == ACCURACY else (None, None, None)
    return fields | dict(zip(("accuracy", "accuracy_low", "accuracy_high"), accuracy, strict=True))


def _test_fields(tested: tuple[Score, int] | None) -> dict[str, Any]:
    names = ("test_value", "test_low", "test_high", "test_count")
    if tested is None:
        return dict.fromkeys(names)
    score, count = tested
    return dict(zip(names, (score.value, *(score.interval or (None, None)), count), strict=True))


def replace_bundle(*, model: TrainedModel, prefix: str, folder: Path) -> None:
    """Puts the bundle uploaded from `folder` in the place of the one that `model` has; its token stays.

    Its life begins anew. A tombstone names the old files: the next pruning deletes them, when no answer in hand
    needs them any more. Call it inside the publishing transaction.
    """
    abandon(prefix=model.storage_prefix)
    put_in_place(model=model, prefix=prefix, columns=bundle_fields(folder))
    begin_life(model=model)


def put_in_place(*, model: TrainedModel, prefix: str, columns: Mapping[str, Any]) -> None:
    """From now on these files answer for `model`; `columns` are those of `bundle_fields`. Call it in a transaction."""
    for name, value in columns.items():
        setattr(model, name, value)
    model.storage_prefix = check_prefix(prefix)
    model.save()
    shared_parts.refer(model, model.manifest)


def begin_life(*, model: TrainedModel) -> None:
    """From now on its time runs as if it had just been made."""
    _born_now(model)
    model.save(update_fields=["created", "expires_override"])


def _born_now(model: TrainedModel) -> None:
    """A time set for what was there before counts only where it lets the model live longer."""
    model.created, until, policy = timezone.now(), model.expires_override, CleanupPolicy.current()
    if until is not None and not (policy.active and until > model.created + policy.retention):
        model.expires_override = None


def abandon(*, prefix: str) -> None:
    """Lets the next pruning delete files that no row refers to any more."""
    Tombstone.objects.get_or_create(storage_prefix=check_prefix(prefix))


def beats(*, folder: Path, model: TrainedModel) -> bool:
    """Whether the bundle in `folder` is better than `model`: score and log loss on the validation samples.

    Where a report tells no log loss, only a better score counts. Of two that measure the same, the one that then
    learned from more samples is better (docs/decisions/017). One that was measured in folds is compared by the first of
    these, on which the other was measured, too. What a search has chosen stays chosen: its first model was among
    those that it chose from.
    """
    report = json.loads((folder / REPORT_FILE).read_text("utf-8"))
    if "search" in report:
        return True
    score = score_of(folder)
    if "folds" in report and "folds" not in model.report:
        report |= {"log_loss": report["folds"]["first"]["log_loss"]}
        score = Score.from_json(report["folds"]["first"]["score"])
    if (score.name, score.value) != (model.score.name, model.score.value):
        return score.is_better(model.score)
    ours, theirs = report.get("log_loss"), model.report.get("log_loss")
    if ours is None or theirs is None:
        return False
    learned, learned_before = (r.get("deployed_train_count", 0) for r in (report, model.report))
    return (-ours, learned) > (-theirs, learned_before)


def score_of(folder: Path) -> Score:
    """What model.json states."""
    return Manifest.read(folder).measured()


@transaction.atomic
def retire(*, model: TrainedModel, deleted: bool = False) -> Tombstone:
    """Takes the row away; its token answers 410 from now on, and a tombstone names its files until `bury`."""
    for version in model.versions.all() if model.latest_version > 1 else ():
        abandon(prefix=version.storage_prefix)
    retired = RetiredToken(token_digest=model.token_digest, retired=timezone.now(), deleted=deleted)
    RetiredToken.objects.bulk_create([retired], ignore_conflicts=True)
    tombstone, _ = Tombstone.objects.get_or_create(storage_prefix=model.storage_prefix)
    model.delete()
    return tombstone


def bury(*, tombstone: Tombstone) -> bool:
    """Deletes the files that a tombstone names, then the tombstone; False: kept, to be tried again.

    Never touches files that a row names. Safe to repeat, and to do twice at once.
    """
    prefix = tombstone.storage_prefix
    models, versions = (
        rows.objects.filter(storage_prefix=prefix).values("pk") for rows in (TrainedModel, ModelVersion)
    )
    if models.union(versions).exists():
        logger.error("tombstone %s names the files of a live model; they are left alone", prefix)
        return False
    try:
        files.delete_folder(check_prefix(prefix))
    except Exception as error:  # each storage backend has an exception tree of its own
        logger.error("the files under %s could not be deleted: %s", prefix, error)
        Tombstone.objects.filter(pk=tombstone.pk).update(
            failures=tombstone.failures + 1, last_error=str(error)[:1000]
        )
        return False
    local_cache.forget(prefix)
    Tombstone.objects.filter(pk=tombstone.pk).delete()
    return True


def delete_model(model: TrainedModel) -> None:
    """Retires a model before its time and, once that is committed, deletes its files."""
    tombstone = retire(model=model, deleted=True)
    transaction.on_commit(lambda: bury(tombstone=tombstone), robust=True)
