"""All samples of an upload, class by class, so that single ones can be moved or left out."""

from math import ceil

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs import access
from jobs.datasets import dataset_store
from jobs.uploads import lists_samples
from jobs.web.pages.reading_form import MOST_CLASSES
from modelstore.ground.throttle import TooManyRequests, caller_of, count
from training.kinds import kind_of

_PER_PAGE = 48
_LAST_PAGE = 100_000


@require_safe
def dataset_samples(request: HttpRequest, token: str) -> HttpResponse:
    """One page of the samples of one class; only those on it are decoded."""
    found = access.get_dataset(token)
    labels = [entry["label"] for entry in found.classes]
    if not labels or not lists_samples(found.task_type):
        raise Http404
    # It reads the file, as a prediction does its input.
    if (wait := count(caller_of(request), "predict")) is not None:
        raise TooManyRequests(f"Try again in {ceil(wait or 1)} seconds.", retry_after=ceil(wait or 1))
    label = request.GET.get("label", "")
    label = label if label in labels else labels[0]
    page = _page(request.GET.get("page", ""))
    shown = dataset_store.samples(dataset=found, label=label, start=(page - 1) * _PER_PAGE, count=_PER_PAGE)
    pages = max(1, ceil(shown["total"] / _PER_PAGE))
    kind = kind_of(found.task_type)
    context = {
        "section": "new",
        "dataset": found,
        "kind": kind,
        "label": label,
        "classes": found.classes,
        "editable": found.classes[:MOST_CLASSES],
        "samples": shown["samples"],
        "total": shown["total"],
        "first": (page - 1) * _PER_PAGE + 1,
        "last": min(page * _PER_PAGE, shown["total"]),
        "page": page,
        "pages": pages,
        "before": page - 1 if page > 1 else None,
        "after": page + 1 if page < pages else None,
        "is_open": not found.jobs.exists(),
    }
    return render(request, f"{kind.templates}/samples.html", context)


def _page(said: str) -> int:
    return min(max(1, int(said)), _LAST_PAGE) if said.isascii() and said.isdecimal() and len(said) < 9 else 1
