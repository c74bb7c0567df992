"""The samples behind a model's figures."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from modelstore.access import get_model
from modelstore.models import TrainedModel
from modelstore.web import examples
from modelstore.web.figures import data_findings
from training.kinds import kind_of

# That of no class.
_NO_INDEX = -2


@require_safe
def model_examples(request: HttpRequest, token: str) -> HttpResponse:
    """Those of `?truth=0&predicted=1`, or of the findings: a page, or its middle for the page's script."""
    model = get_model(token)
    told: dict[str, Any] = {"model": model, "kind": kind_of(model.task_type)}
    if "truth" in request.GET or "predicted" in request.GET:
        told["cell"] = examples.cell(model, *(_index(request, name) for name in ("truth", "predicted")))
    else:
        told["lists"] = _findings(model)
    if request.headers.get("X-Part") == "examples":
        return render(request, "modelstore/examples_part.html", told)
    return render(request, "modelstore/examples.html", told)


def _findings(model: TrainedModel) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tables of the page by their titles, each row with its picture."""
    findings = data_findings(model.report)
    if not findings:
        raise examples.NoExamples("Nothing in the data of this model needs a look.")
    lists = [
        ("The hardest", findings["hardest"]),
        ("Labels that may be wrong", findings["suspects"].get("examples", [])),
        *((table["title"].capitalize(), table["examples"]) for table in findings["twins"]),
    ]
    sources = [row[name] for _, rows in lists for row in rows for name in ("source", "twin") if name in row]
    pictures = examples.pictures_of(model, sources)
    for _, rows in lists:
        for row in rows:
            row["picture"] = pictures.get(row["source"], "")
            row["twin_picture"] = pictures.get(row.get("twin", ""), "")
    return lists


def _index(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    if value == str(examples.NOT_THERE):
        return examples.NOT_THERE
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 4 else _NO_INDEX
