"""Continues from an earlier model: what may be continued, its files for the trainer, and who gets the token."""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from jobs.errors import SubmissionInvalid
from jobs.models import Job, JobEvent
from jobs.queue import leases
from modelstore.access import get_model
from modelstore.bundles import store, stored_files, versions
from modelstore.ground import files
from modelstore.ground.errors import FlashError
from modelstore.models import ApiKey, CleanupPolicy, TrainedModel
from training.bundle.manifest import (
    MANIFEST_FILE,
    MARKS_FILE,
    ONNX_FILE,
    REPORT_FILE,
    TORCH_FILE,
    VALIDATION_FILE,
    BundleDamaged,
    Manifest,
    verify_file,
)
from training.kinds import MANY_LABELS, ONE_LABEL, kind_of
from training.score import ACCURACY, SCORES, Score, show

logger = logging.getLogger(__name__)

# What the trainer looks at (training.bundle.previous).
_WANTED = (MARKS_FILE, ONNX_FILE, TORCH_FILE, VALIDATION_FILE)
FOLDER = "previous"
GATE_FILE = "gate.json"
# A loss that comes by chance as often as this is not held against a model.
LIKELY = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Continued:
    """What became of a continued model: `comparison` for the job's row, `score` of the new one."""

    comparison: dict[str, Any]
    score: Score


def earlier_model(*, token: str, task_type: str, api_key: ApiKey | None) -> TrainedModel:
    """The live model of `token`, if it may be continued with data of `task_type`; SubmissionInvalid otherwise."""
    try:
        model = get_model(token)
    except FlashError as error:
        raise _refusal(error.detail) from error
    if model.task_type != task_type:
        earlier, now = (kind_of(task).words.samples for task in (model.task_type, task_type))
        raise _refusal(f"The earlier model is of a different kind: {earlier} and {now} cannot be mixed.")
    if model.pinned:
        raise _refusal("The operator has pinned this model, so it cannot be replaced. Train a new one.")
    owner = Job.objects.filter(token_digest=model.token_digest).values_list("api_key", flat=True).first()
    if owner is not None and (api_key is None or api_key.pk != owner):
        raise _refusal("The earlier model belongs to an API key; continue it with that key.")
    return model


def check_target(model: TrainedModel, target: str) -> None:
    """Raises SubmissionInvalid where the data has another number of labels a sample than the model learnt."""
    learnt = model.manifest.get("target", ONE_LABEL)
    if learnt == target:
        return
    each = {ONE_LABEL: "one label", MANY_LABELS: "any number of labels"}
    raise _refusal(
        f"The earlier model gives {each[learnt]} a sample, and this data has {each[target]}. Train a new model."
    )


def with_its_model(values: Mapping[str, Any], model: TrainedModel) -> dict[str, Any]:
    """The hyperparameters, with the architecture of the earlier model; SubmissionInvalid when they name another."""
    if values.get("model") not in (None, "", model.model_name):
        message = f"The earlier model is a {model.model_name}; leave this blank, or train without continuing."
        raise SubmissionInvalid("Another model cannot be continued.", fields={"model": [message]})
    if str(values.get("pretrained", "")).lower() in ("false", "scratch"):
        message = "Starting from scratch and continuing cannot be combined."
        raise SubmissionInvalid("These options contradict each other.", fields={"pretrained": [message]})
    return {**values, "model": model.model_name}


def _refusal(message: str) -> SubmissionInvalid:
    return SubmissionInvalid("That model cannot be continued.", fields={"continue_from": [message]})


def prepare(*, job: Job, folder: Path) -> None:
    """Puts the earlier bundle into RUN_DIR/previous; without it the training starts afresh, and it is told.

    Raises LeaseLost.
    """
    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    model = _live(job)
    if model is None:
        if job.continues_id is not None:
            _note(
                job,
                "The earlier model has expired in the meantime, so this training starts from the beginning.",
            )
        return
    target.mkdir(parents=True)
    try:
        _fetch(model, target)
    except (BundleDamaged, FileNotFoundError):
        logger.exception("The files of %s cannot be continued from.", model.storage_prefix)
        shutil.rmtree(target)
        _note(job, "The files of the earlier model are damaged, so this training starts from the beginning.")
        leases.require(leases.held(job).update(continues_prefix="") == 1)
        return
    _write_gate(model, target)
    leases.require(leases.held(job).update(continues_prefix=model.storage_prefix) == 1)


def _write_gate(model: TrainedModel, folder: Path) -> None:
    """What the owner asks of the new model, as the trainer reads it (training.evaluation.gate)."""
    rows = []
    for example in model.must_pass.order_by("pk"):
        if example.data is None:
            rows.append({"label": example.label, "text": example.text})
        else:
            name = f"must-pass-{example.pk}"
            (folder / name).write_bytes(example.value)
            rows.append({"label": example.label, "file": name})
    told = {"most_class_loss": model.most_class_loss, "must_pass": rows}
    (folder / GATE_FILE).write_text(json.dumps(told), "utf-8")


def _fetch(model: TrainedModel, target: Path) -> None:
    files.fetch(f"{model.storage_prefix}/{MANIFEST_FILE}", target / MANIFEST_FILE)
    known = Manifest.read(target).files
    if known != model.manifest["files"]:
        raise BundleDamaged(f"{MANIFEST_FILE} is not the one that was published")
    for name in (*_WANTED, *kind_of(model.task_type).bundle_files):
        if name in known:
            stored_files.fetch(f"{model.storage_prefix}/{name}", known[name], target / name)
            verify_file(target / name, known[name])


def publish_continued(*, job: Job, bundle: Path, prefix: str) -> Continued | None:
    """Gives the earlier model's token to the new bundle if that won; else keeps it among the versions of that model.

    None: nothing to continue.

    Call it inside the publishing transaction.
    """
    model = _live(job, lock=True)
    started_from = Job.objects.filter(pk=job.pk).values_list("continues_prefix", flat=True).first()
    told = json.loads((bundle / REPORT_FILE).read_text("utf-8")).get("previous")
    if model is None or not started_from or told is None:
        return None
    score = store.score_of(bundle)
    if model.storage_prefix != started_from:
        verdict = "replaced_meanwhile"
        words = "Another version has taken over meanwhile, so this one was compared with one that no longer answers."
    elif told["wins"]:
        verdict, words = "took_over", f"The new model takes over: {_score(told)}."
    else:
        verdict, words = "kept_earlier", f"The earlier model stays: {_why_not(told)}."
    keep = versions.take_over if verdict == "took_over" else versions.keep_apart
    keep(model=model, folder=bundle, prefix=prefix)
    _note(job, words)
    # The samples themselves lie with the version.
    flips = {name: value for name, value in told.get("flips", {}).items() if name != "rows"}
    told = told | {"flips": flips}
    comparison = {**told, "version": model.latest_version, "verdict": verdict, "words": words}
    return Continued(comparison=comparison, score=score)


def _live(job: Job, *, lock: bool = False) -> TrainedModel | None:
    rows = TrainedModel.objects.select_for_update() if lock else TrainedModel.objects.all()
    key = Job.objects.filter(pk=job.pk).values_list("continues", flat=True).first()
    model = rows.filter(pk=key).first() if key else None
    if model is None or model.is_expired(CleanupPolicy.current(), timezone.now()):
        return None
    return model


def _score(told: Mapping[str, Any]) -> str:
    if (name := told.get("score", ACCURACY)) != ACCURACY:
        ends = [show(name, told[end]) for end in ("after", "before")]
        return (
            f"on the same {told['samples']:,} validation samples, the new one has {SCORES[name].word} {ends[0]}, "
            f"the earlier one {ends[1]}"
        )
    new, old = (round(told[name] * told["samples"]) for name in ("after", "before"))
    return f"of the same {told['samples']:,} validation samples, the new one got {new:,} right, the earlier one {old:,}"


def _why_not(told: Mapping[str, Any]) -> str:
    refused = told.get("refused")  # a trainer from before an upgrade does not say it
    if told["lost_classes"]:
        return f"the new data lacks {_listed(told['lost_classes'])}, which it knows"
    if refused == "must_pass":
        failed = told["must_pass_failed"]
        return (
            f"the new one fails {len(failed):,} of the {told['must_pass']:,} examples that must pass, such as "
            f"“{failed[0]['example'][:60]}”, which it takes for “{failed[0]['answer'][:40]}”"
        )
    if refused == "class_loss":
        lost = told["most_lost"]
        return (
            f"{_score(told)}, but of the {lost['samples']:,} samples of “{lost['label'][:40]}” the new one misses "
            f"{lost['lost']:,} more"
        )
    by_chance = told.get("chance_of_loss", 0.0) > LIKELY
    return _score(told) + (", which may be chance" if by_chance else "")


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name[:40]}”" for name in names[:5])
    return shown + (" and others" if len(names) > 5 else "")


def _note(job: Job, message: str) -> None:
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.LOG, message=message)
