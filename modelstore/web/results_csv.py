"""Predictions as a CSV file for spreadsheets."""

import csv
import io
from collections.abc import Sequence

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from modelstore.ground import naming
from modelstore.models import TrainedModel
from modelstore.web.page_predictions import PagePrediction

_COLUMNS = ("input", "label", "probability", "unsure", "second", "second_probability", "error")
# Behind them, of models that tell it: whether it is about none of the classes, and all labels that are said.
_OUTSIDE, _LABELS = "outside", "labels"
# A spreadsheet would run a cell that begins like this (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_response(model: TrainedModel, outcomes: Sequence[PagePrediction]) -> HttpResponse:
    """The outcomes as an attachment, UTF-8 with a mark at the beginning, by which Excel knows it."""
    file = io.StringIO()
    writer = csv.writer(file)
    tells, many = model.most_spread is not None, model.label_thresholds is not None
    writer.writerow([*_COLUMNS, *([_OUTSIDE] if tells else []), *([_LABELS] if many else [])])
    writer.writerows(
        [*_row(outcome), *(_outside(outcome) if tells else []), *(_labels(outcome) if many else [])]
        for outcome in outcomes
    )
    response = HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"{naming.file_stem(model.task_name)}-predictions.csv"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _row(outcome: PagePrediction) -> list[str]:
    name = _harmless(outcome.name)
    if outcome.prediction is None:
        return [name, "", "", "", "", "", _harmless(outcome.error)]
    first, second = [*outcome.prediction.top, ("", 0.0)][:2]
    unsure = "yes" if outcome.unsure else "no"
    shares = (f"{first[1]:.6f}", f"{second[1]:.6f}" if second[0] else "")
    return [name, _harmless(first[0]), shares[0], unsure, _harmless(second[0]), shares[1], ""]


def _outside(outcome: PagePrediction) -> list[str]:
    if outcome.prediction is None:
        return [""]
    return ["yes" if outcome.prediction.outside else "no"]


def _labels(outcome: PagePrediction) -> list[str]:
    said = outcome.prediction.labels if outcome.prediction else None
    return [_harmless(" | ".join(label for label, _ in said or ()))]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
