"""Pages of a dataset's versions: listed, compared, changed, restored, downloaded, trained on."""

from collections.abc import Callable
from math import ceil
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from jobs import access
from jobs.datasets.versions import differences, edits, erasing, manifests, recording, training_sets
from jobs.datasets.versions.erasing import Learner
from jobs.datasets.versions.recording import Told
from jobs.errors import NotPossibleNow, SubmissionInvalid
from jobs.models import DatasetVersion, VersionedDataset
from jobs.web.version_requests import download, manifest_of
from modelstore.ground.throttle import TooManyRequests, caller_of, count, limited
from training.kinds import kind_of

_AUTHOR = "on the page"
_PER_PAGE, _VERSIONS = 24, 50
_LAST_PAGE = 1_000_000


@require_POST
@limited("submit")
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps versions of an upload from now on."""
    dataset = access.get_dataset(token)
    recording.begin(dataset=dataset, told=Told(author=_AUTHOR))
    return redirect("versions", token=dataset.versions_token)


@require_safe
def versions(request: HttpRequest, token: str) -> HttpResponse:
    """All versions, newest first."""
    dataset = access.get_versions(token)
    rows = dataset.versions.all()
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 10:
        rows = rows.filter(number__lt=int(before))
    found = list(rows[: _VERSIONS + 1])
    context = _context(dataset) | {
        "versions": found[:_VERSIONS],
        "older": found[_VERSIONS - 1].number if len(found) > _VERSIONS else None,
    }
    return render(request, "versions/versions.html", context)


@require_safe
def version(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """One version: what changed since another one, and its samples, which can be changed in the newest."""
    # It reads samples, as a prediction does its input.
    if (wait := count(caller_of(request), "predict")) is not None:
        raise TooManyRequests(f"Try again in {ceil(wait or 1)} seconds.", retry_after=ceil(wait or 1))
    dataset = access.get_versions(token)
    found = manifests.get_version(dataset, number)
    others = dataset.versions.exclude(pk=found.pk).only("dataset", "number", "name")[:_VERSIONS]
    against = request.GET.get("against", "")
    earlier = manifests.get_version(dataset, against) if against else _before(dataset, found)
    difference = (
        differences.compare(dataset=dataset, earlier=earlier, later=found) if earlier is not None else None
    )
    context = _context(dataset) | _samples(request, dataset, found)
    context |= {
        "version": found,
        "others": others,
        "against": earlier,
        "difference": difference,
        "shown": [_in_words(sample) for sample in difference.shown] if difference else [],
        "by_class": differences.by_class_rows(difference.by_class) if difference else [],
        "is_head": found.number == dataset.head,
    }
    return render(request, "versions/version.html", context)


@require_POST
@limited("submit")
def change(request: HttpRequest, token: str) -> HttpResponse:
    """Another label for the ticked samples, or none; or they are deleted for good."""
    dataset = access.get_versions(token)
    ticked, what = request.POST.getlist("sample"), request.POST.get("do", "")
    told = Told(author=_AUTHOR, reason=request.POST.get("reason", ""))

    def do() -> str:
        if what == "delete":
            return _deleted([learner for id in ticked for learner in edits.delete(dataset=dataset, id=id)])
        label = request.POST.get("label", "")
        relabel = {} if what == "leave_out" else dict.fromkeys(ticked, _label(dataset, label))
        made = edits.edit(
            dataset=dataset, relabel=relabel, leave_out=ticked if what == "leave_out" else (), told=told
        )
        return f"This is version {made.number} now."

    _told(request, do)
    return _back(request, dataset)


@require_POST
@limited("submit")
def delete(request: HttpRequest, token: str) -> HttpResponse:
    """All versions, and the uploads that they came of."""
    erasing.erase_all(dataset=access.get_versions(token))
    return redirect("home")


@require_POST
@limited("submit")
def restore(request: HttpRequest, token: str, number: str) -> HttpResponse:
    dataset = access.get_versions(token)
    earlier = manifests.get_version(dataset, number)

    def do() -> str:
        made = recording.restore(dataset=dataset, version=earlier, told=Told(author=_AUTHOR))
        return f"Version {earlier.number} is back, as version {made.number}."

    _told(request, do)
    return redirect("versions", token=token)


@require_POST
@limited("submit")
def describe(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Names a version, and pins it or lets go of it."""
    dataset = access.get_versions(token)
    found = manifests.get_version(dataset, number)

    def do() -> str:
        edits.describe(version=found, name=request.POST.get("name", ""), pinned="pinned" in request.POST)
        return "Saved."

    _told(request, do)
    return redirect("version", token=token, number=str(found.number))


@require_POST
@limited("submit")
def train(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """An upload of its own with the samples of a version; its page trains on it."""
    dataset = access.get_versions(token)
    made = training_sets.checked_out_version(version=manifests.get_version(dataset, number), token=token)
    return redirect("dataset", token=made.token)


@require_safe
@limited("submit")
def version_file(request: HttpRequest, token: str, number: str, format: str) -> HttpResponseBase:
    """The samples of a version as a file."""
    manifest = manifest_of(access.get_versions(token), number, request.GET.get("as_of", ""))
    return download(manifest, format)


def _context(dataset: VersionedDataset) -> dict[str, Any]:
    kind = kind_of(dataset.task_type)
    return {"section": "new", "dataset": dataset, "kind": kind, "can_train": not dataset.has_many_labels}


def _before(dataset: VersionedDataset, version: DatasetVersion) -> DatasetVersion | None:
    return dataset.versions.filter(number__lt=version.number).first()


def _samples(request: HttpRequest, dataset: VersionedDataset, version: DatasetVersion) -> dict[str, Any]:
    """One page of the samples, of one class where it was chosen."""
    manifest = manifests.manifest(dataset, version)
    label = request.GET.get("label", "")
    if label:
        manifest = manifest.of_label(label)
    pages = max(1, ceil(len(manifest) / _PER_PAGE))
    said = request.GET.get("page", "")
    page = int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else 1
    page = min(max(1, page), pages, _LAST_PAGE)
    found = differences.page_of(manifest, (page - 1) * _PER_PAGE, _PER_PAGE, previews=True)
    return {
        "samples": [_in_words(sample) for sample in found],
        "label": label,
        "total": len(manifest),
        "page": page,
        "pages": pages,
        "before": page - 1 if page > 1 else None,
        "after": page + 1 if page < pages else None,
    }


def _in_words(sample: dict[str, Any]) -> dict[str, Any]:
    """Several labels of a sample as people read them."""
    told = {name: sample[name] for name in ("label", "before", "after") if isinstance(sample.get(name), list)}
    return sample | {name: " | ".join(labels) or "no label" for name, labels in told.items()}


def _label(dataset: VersionedDataset, said: str) -> Any:
    """What was typed: labels by commas where a sample may have several."""
    if not dataset.has_many_labels:
        return said
    return [word.strip() for word in said.split(",") if word.strip()]


def _deleted(learners: list[Learner]) -> str:
    if not learners:
        return "Deleted for good. No model learnt from it."
    names = ", ".join(sorted({f"{learner.name} (version {learner.version})" for learner in learners})[:10])
    return f"Deleted for good. These models learnt from it and still know of it: {names}."


def _told(request: HttpRequest, do: Callable[[], str]) -> None:
    """Does it and says what came of it, on the next page."""
    try:
        messages.success(request, do())
    except (SubmissionInvalid, NotPossibleNow) as refusal:
        messages.warning(request, refusal.detail)


def _back(request: HttpRequest, dataset: VersionedDataset) -> HttpResponse:
    """The samples that were looked at, in the newest version."""
    address = reverse("version", args=[dataset.token, "head"])
    place = {name: request.POST.get(f"at_{name}", "") for name in ("label", "page")}
    return redirect(f"{address}?{urlencode({name: word for name, word in place.items() if word})}#samples")
