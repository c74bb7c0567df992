"""Pages from the upload to the submitted job."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from jobs import access
from jobs.datasets import dataset_store
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset, Job
from jobs.submitting import submission
from jobs.submitting.lineage import read_lineage
from jobs.uploads.right_form import ways_instead
from jobs.web.pages import dataset_page, improving, recent
from jobs.web.pages.forms import TrainForm, UploadForm
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from training.ground.limits import MIB
from training.kinds import KINDS, Kind

# Files from this size on are sent in pieces by the page's script; smaller ones are as quickly sent again.
_PIECES_FROM = 16 * MIB


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/new.html", {"section": "new"})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited("submit")
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """The page that takes data of the kind with this word in its address."""
    kind = next((kind for kind in KINDS.values() if kind.slug == slug), None)
    if kind is None:
        raise Http404
    return _guard_upload(request, kind)


def _guard_upload(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Refuses while no job is taken, before the body is read; the check of the form's origin reads it."""
    if request.method != "POST":
        return render(request, f"{kind.templates}/upload.html", _upload_context(request, kind, UploadForm()))
    try:
        submission.check_accepting()
    except FlashError as error:
        if _wants_json(request):
            raise
        return _refuse_upload(request, kind, UploadForm(), error)
    response: HttpResponse = _upload(request, kind)
    return response


@csrf_protect
def _upload(request: HttpRequest, kind: Kind) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    try:
        dataset = dataset_store.store_upload(task_type=kind.task, upload=form.upload())
    except FlashError as error:
        if _wants_json(request):
            raise
        if token := getattr(error, "token", ""):
            # The file was kept, and its page lets one choose other columns.
            return redirect("dataset", token=token)
        return _refuse_upload(request, kind, form, error)
    url = reverse("dataset", args=[dataset.token])
    return JsonResponse({"url": url}, status=201) if _wants_json(request) else redirect(url)


def _refuse_upload(request: HttpRequest, kind: Kind, form: UploadForm, error: FlashError) -> HttpResponse:
    context = _upload_context(request, kind, form) | {"error": error}
    response = render(request, f"{kind.templates}/upload.html", context, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _upload_context(request: HttpRequest, kind: Kind, form: UploadForm) -> dict[str, Any]:
    limits = settings.FLASH_LIMITS
    return {
        "section": "new",
        "form": form,
        "limits": limits,
        "max_bytes": limits.max_upload_bytes,
        "pieces_from": _PIECES_FROM,
        "kind": kind,
        "ways_instead": ways_instead(kind),
        "improved": improving.improved(request, kind.task),
    }


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


@require_http_methods(["GET", "HEAD", "POST"])
@limited("submit")
def dataset(request: HttpRequest, token: str) -> HttpResponse:
    """What was understood of an upload, and the form that starts the training."""
    found = access.get_dataset(token)
    if request.method != "POST":
        improved = improving.improved(request, found.task_type)
        form = TrainForm.blank(found, improved.initial() if improved else {})
        return dataset_page.render_page(request, found, form, improved=improved)
    form = TrainForm(request.POST, task=found.task_type)
    if not form.is_valid():
        return dataset_page.render_page(request, found, form, status=400)
    if form.is_estimate:
        return dataset_page.render_page(request, found, form)
    try:
        job = _submit(request, found, form)
    except SubmissionInvalid as error:
        form.refuse(error.fields)
        return dataset_page.render_page(request, found, form, status=400)
    except FlashError as error:
        return dataset_page.render_page(request, found, form, refusal=error, status=error.status)
    response = redirect("job", token=job.token)
    recent.remember(request, response, job.token)
    improving.forget(response)
    return response


@require_safe
def dataset_notes(request: HttpRequest, token: str) -> HttpResponse:
    """Every repair, skipped sample and warning, as a CSV file."""
    found = access.get_dataset(token)
    name = quote(f"{found.name.rsplit('.', 1)[0]} findings.csv")
    disposition = f"attachment; filename=\"findings.csv\"; filename*=UTF-8''{name}"
    return HttpResponse(
        dataset_store.notes_csv(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


def _submit(request: HttpRequest, dataset: Dataset, form: TrainForm) -> Job:
    fields = form.cleaned_data
    return submission.submit(
        dataset=dataset,
        task_name=fields["task_name"],
        values=form.values,
        downloadable=fields["downloadable"],
        keep_dataset=fields["keep_dataset"],
        idempotency_key=fields["key"] or None,
        lineage=read_lineage(fields),
        job_options=replace(form.job_options, site=request.build_absolute_uri("/")),
    )
