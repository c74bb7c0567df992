"""Models measured on files of the user's own: checked like uploads to train with, predicted like any batch."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.batches import submission
from jobs.batches.child.contract import measures_of
from jobs.batches.errors import ChoiceOpen, NotMeasurable, refused_to_measure
from jobs.batches.options import BatchOptions
from jobs.datasets import intake, reading
from jobs.models import BatchPrediction, Job
from jobs.uploads import UploadRefused, uploads_of
from jobs.uploads.errors import listed
from modelstore.models import TrainedModel
from training.ground.limits import Limits
from training.kinds import ONE_LABEL, kind_of

_MOST_NOTES = 20


def can_measure(model: TrainedModel) -> bool:
    """Whether models of this kind can be measured on a file."""
    return measures_of(model.task_type) is not None


def not_measurable() -> NotMeasurable:
    """The refusal of a model that cannot."""
    return NotMeasurable("Models of this kind cannot be measured on a file.")


def limits_of_samples() -> Limits:
    """The limits of what is measured on: a class of a single sample says something, though nobody could learn it."""
    limits: Limits = settings.FLASH_LIMITS
    return dataclasses.replace(limits, min_per_class=1)


def submit(
    *,
    model: TrainedModel,
    upload: intake.Upload,
    options: Mapping[str, Any],
    accept_guesses: bool = False,
    idempotency_key: str | None = None,
    wake: bool = True,
) -> BatchPrediction:
    """Checks and stores a labelled file and queues its measurement; `options` are those of reading.

    Raises NotMeasurable, ChoiceOpen (unless `accept_guesses`), UploadRefused, BatchInvalid, BatchesFull, StorageFull;
    then nothing is kept. The same `idempotency_key` with the same file and options answers the same measurement.
    """
    if not can_measure(model):
        raise not_measurable()

    def look(path: Path, name: str) -> dict[str, Any]:
        findings, used = _inspected(model, path, name, options)
        if findings["questions"] and not accept_guesses:
            raise ChoiceOpen(findings["questions"])
        _check_target(model, findings)
        _check_classes(model, findings)
        return {
            "kind": next(iter(kind_of(model.task_type).batch_formats)),
            "total": findings["sample_count"],
            "options": BatchOptions().to_json(),
            "reading": _told(findings, used),
        }

    asked = {**options, "accept_guesses": accept_guesses, "measure": True}
    return submission.take_in(
        model=model, upload=upload, look=look, asked=asked, idempotency_key=idempotency_key, wake=wake
    )


def _inspected(
    model: TrainedModel, path: Path, name: str, options: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON of the findings, and the options it was read by: columns of the training, if no others are chosen."""

    def inspect(options: Mapping[str, Any]) -> dict[str, Any]:
        limits = limits_of_samples()
        return reading.inspect(
            task=model.task_type, path=path, name=name, options=options, limits=limits
        ).document

    many = model.label_thresholds is not None
    if many and any(option.name == "several_labels" for option in uploads_of(model.task_type).OPTIONS):
        options = {**options, "several_labels": "each"}
    try:
        try:
            findings = inspect(options)
            columns: Sequence[str] = findings.get("columns", ())
        except UploadRefused as refusal:
            columns = refusal.columns.names if refusal.columns else ()
            if not _learnt(model, columns, options):
                raise
        learnt = _learnt(model, columns, options)
        return (inspect({**options, **learnt}) if learnt else findings), {**options, **learnt}
    except UploadRefused as refusal:
        raise refused_to_measure(refusal, kind_of(model.task_type)) from refusal


def _learnt(model: TrainedModel, columns: Sequence[str], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that the model learnt from, as far as this file has them and no other was chosen."""
    kept = Job.objects.filter(model=model).values_list("reading", flat=True).first() or {}
    known = {option.name for option in uploads_of(model.task_type).OPTIONS}
    inputs, label = list(kept.get("input_columns", ())), kept.get("label_column")
    found: dict[str, Any] = {}
    if inputs and set(inputs) <= set(columns) and not {"input_column", "input_columns"} & set(chosen):
        found = {"input_column": inputs[0]} | ({"input_columns": inputs} if len(inputs) > 1 else {})
    if label and label in columns and "label_column" not in chosen:
        found["label_column"] = label
    return {name: value for name, value in found.items() if name in known}


def _check_target(model: TrainedModel, findings: Mapping[str, Any]) -> None:
    """Raises UploadRefused where the samples have several labels and the model gives one."""
    if findings["target"] == model.manifest.get("target", ONE_LABEL):
        return
    raise UploadRefused(
        "The samples of this file have several labels each, and the model gives one. Measure it on samples with one "
        "label, or keep only those (several_labels=keep_single).",
        status=422,
        code="several_labels",
    )


def _check_classes(model: TrainedModel, findings: Mapping[str, Any]) -> None:
    """Raises UploadRefused where too few samples are of classes of the model."""
    classes = [entry["label"] for entry in findings["classes"]]
    known = [label for label in classes if label in set(model.classes)]
    if len(known) > 1:
        return
    told = f"The file has {listed(classes)}; the model knows {listed(model.classes)}."
    first = (
        f'Of the classes in the file only "{known[0]}" is one that the model knows, and one class alone shows little.'
        if known
        else "None of the classes in the file is one that the model knows."
    )
    raise UploadRefused(
        f"{first} {told} Use the model's own names for the classes, or choose the column that has them.",
        status=422,
        code="classes_unknown",
    )


def _told(found: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the row keeps of how the file was read."""
    notes = {name: found[name][:_MOST_NOTES] for name in ("repairs", "skipped", "warnings")}
    columns = {name: found[name] for name in ("input_columns", "label_column") if found.get(name)}
    return {"options": dict(options), "skipped_count": found["skipped_count"], **notes, **columns}
