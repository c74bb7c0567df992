"""Refusals of batch predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.uploads.errors import UploadRefused
from jobs.uploads.right_form import advice_on_kinds, all_advice
from jobs.uploads.text_encodings import OR_CHOOSE_ENCODING
from modelstore.ground.errors import FlashError
from training.kinds import Kind


class BatchUnknown(FlashError):
    status = 404
    code = "batch_not_found"
    title = "There is no such batch"


class EvaluationUnknown(FlashError):
    status = 404
    code = "evaluation_not_found"
    title = "There is no such measurement"


class NotMeasurable(FlashError):
    status = 422
    code = "not_measurable"
    title = "This model cannot be measured"


class ChoiceOpen(FlashError):
    """Something about a labelled file is open, so that nothing is measured yet; the file is not kept.

    `questions` are the JSON of `jobs.uploads.findings.Question`.
    """

    status = 422
    code = "needs_choice"
    title = "A choice is needed"

    def __init__(self, questions: Sequence[Mapping[str, Any]]) -> None:
        asked = " ".join(str(question["message"]) for question in questions)
        super().__init__(
            f"{asked} Choose, or accept what Flash would take (accept_guesses=true), and send the file again.",
            fields={str(question["field"]): [str(question["message"])] for question in questions},
        )
        self.questions = list(questions)


class BatchInvalid(FlashError):
    code = "invalid"
    title = "The request has errors"


class BatchesFull(FlashError):
    status = 503
    code = "queue_full"
    title = "The queue is full"


class ResultsNotReady(FlashError):
    status = 409
    code = "results_not_ready"
    title = "There are no results yet"


def refused_to_predict(refusal: UploadRefused, kind: Kind) -> UploadRefused:
    """The same refusal of a file to predict: no word of datasets, but of what can be sent for this kind."""
    detail = refusal.detail
    # What readers that training and predictions share say of data to learn from.
    for advice in all_advice():
        detail = detail.replace(advice, "")
    formats = " or ".join(kind.batch_formats.values())
    if detail != refusal.detail:
        detail = f"{detail} Here you can send {formats}."
    # Nothing but the column can be chosen.
    detail = detail.replace(OR_CHOOSE_ENCODING, "")
    told = UploadRefused(
        " ".join(detail.split()),
        status=refusal.status,
        code=refusal.code,
        fields=refusal.fields,
        notes=refusal.notes,
    )
    told.columns = refusal.columns
    if refusal.status == 422:
        told.title = "The file cannot be predicted"  # type: ignore[misc]
    return told


def refused_to_measure(refusal: UploadRefused, kind: Kind) -> UploadRefused:
    """The same refusal of a file to measure a model of this kind on."""
    detail = refusal.detail.replace(", not a dataset.", ", not a file of samples with their classes.")
    for advice in advice_on_kinds():
        if advice in detail:
            detail = " ".join(detail.replace(advice, f"This model classifies {kind.words.samples}.").split())
    if refusal.code == "too_few_classes":
        detail = (
            "All samples in the file have the same class, which shows little of how good a model is. Send samples of "
            "at least two of its classes; if the classes are in another place, choose it."
        )
    told = UploadRefused(
        detail, status=refusal.status, code=refusal.code, fields=refusal.fields, notes=refusal.notes
    )
    told.columns = refusal.columns
    if refusal.status == 422:
        told.title = "The model cannot be measured on this file"  # type: ignore[misc]
    return told
