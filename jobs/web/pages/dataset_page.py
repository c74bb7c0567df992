"""The page of a checked upload: what was understood of it, and the form that starts the training."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jobs.errors import SubmissionInvalid
from jobs.models import Dataset
from jobs.money.quotes import Quote, Quoter
from jobs.submitting import submission
from jobs.uploads import keeps_samples, uploads_of
from jobs.uploads.reading_options import OptionType, ReadingOption, named
from jobs.web.pages import presets
from jobs.web.pages.forms import TrainForm
from jobs.web.pages.improving import Improved
from jobs.web.pages.reading_form import MOST_CLASSES, ReadingForm
from modelstore.ground.errors import FlashError
from training.kinds import kind_of


def render_page(
    request: HttpRequest,
    dataset: Dataset,
    form: TrainForm,
    *,
    reading: ReadingForm | None = None,
    refusal: FlashError | None = None,
    improved: Improved | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = kind_of(dataset.task_type)
    if reading is None and uploads_of(dataset.task_type).READ_AGAIN:
        reading = ReadingForm(dataset=dataset)
    classes = sorted(dataset.classes, key=lambda entry: -entry["count"])
    quoter = Quoter()
    context = {
        "section": "new",
        "dataset": dataset,
        "findings": dataset.findings,
        "questions": _questions(dataset),
        "classes": classes,
        "most": max((entry["count"] for entry in classes), default=1),
        "noted": any(dataset.findings.get(kind) for kind in ("repairs", "skipped", "warnings")),
        "thumbnails": _mixed(dataset.thumbnails),
        "lengths": _lengths(dataset.findings.get("length_histogram") or []),
        "expires": dataset.created + settings.FLASH_DATASET_RETENTION,
        "reading": reading,
        "glance": _glance(dataset.findings),
        "editable": classes[:MOST_CLASSES] if reading and reading.edits_classes else [],
        "versions_token": dataset.versions_token,
        "can_keep": keeps_samples(kind.task) is not None and not dataset.questions and not dataset.refusal,
        "edited": bool(dataset.options.get("classes")),
        "form": form,
        "refusal": refusal,
        "improved": improved,
        "kind": kind,
        "can_mail": bool(settings.EMAIL_HOST),
        "unread": dataset.refusal,
        "presets": [] if dataset.refusal else presets.cards(kind, dataset.sample_count, quoter),
        "quote": None if dataset.refusal else _quote(quoter, dataset, form),
        "currency": settings.FLASH_CURRENCY,
        "offers_lanes": quoter.needs_a_start(),
        "fillings": presets.fillings(kind),
        "models": kind.models,
    }
    response = render(request, "jobs/dataset.html", context, status=status)
    if refusal is not None and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _questions(dataset: Dataset) -> list[dict[str, Any]]:
    """What is open; each choice with its title."""
    options = uploads_of(dataset.task_type).OPTIONS
    return [
        {
            **question,
            "choices": [(choice, _title(options, question, choice)) for choice in question["choices"]],
        }
        for question in dataset.findings.get("questions") or []
    ]


def _title(options: Iterable[ReadingOption], question: Mapping[str, Any], choice: str) -> str:
    option = named(options, question["field"])
    if option is not None and option.type is OptionType.FLAG:
        return choice.capitalize()
    return dict(option.choices if option else ()).get(choice, choice)


def _glance(findings: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """(name, what it is used for, first cells) of each column."""
    used = {
        **dict.fromkeys(findings.get("input_columns", []), "text"),
        findings.get("label_column", ""): "class",
        findings.get("split_column", ""): "given split",
        findings.get("group_column", ""): "source",
    }
    rows = findings.get("glance", [])
    return [
        (name, used.get(name, ""), [row[index] for row in rows if index < len(row)])
        for index, name in enumerate(findings.get("columns", []))
    ]


def _quote(quoter: Quoter, dataset: Dataset, form: TrainForm) -> Quote | None:
    """For what the form says, or for preset Quick while it says nothing; None when it makes no sense."""
    values = form.values if form.is_bound else {"preset": form["preset"].value()}
    try:
        config = submission.configuration(task=dataset.task_type, values=values)
    except SubmissionInvalid:
        return None
    return quoter.quote(
        config.to_json(),
        dataset.sample_count,
        lane=form.job_options.lane,
        max_minutes=form.job_options.max_minutes,
    )


def _mixed(thumbnails: list[dict[str, str]]) -> list[dict[str, str]]:
    """One of each class, then the second of each: a phone shows the first few only."""
    of_class: Counter[str] = Counter()
    places = []
    for thumbnail in thumbnails:
        of_class[thumbnail["label"]] += 1
        places.append(of_class[thumbnail["label"]])
    return [
        thumbnail for _, thumbnail in sorted(zip(places, thumbnails, strict=True), key=lambda pair: pair[0])
    ]


def _lengths(histogram: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bars of the histogram with their share of the longest one, as far as there are texts."""
    while histogram and not histogram[-1]["count"]:
        histogram = histogram[:-1]
    most = max((entry["count"] for entry in histogram), default=0)
    return [entry | {"share": entry["count"] / most} for entry in histogram] if most else []
