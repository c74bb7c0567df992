"""Pages of batches: the upload, the running prediction, the results."""

import hashlib
import itertools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.batches import downloads, lifecycle, submission
from jobs.batches.access import get_batch
from jobs.batches.options import BatchOptions
from jobs.models import BatchPrediction
from jobs.web.batches.requests import chosen_file, wants_json
from modelstore.access import get_model
from modelstore.downloads.file_responses import download_response
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from modelstore.models import CleanupPolicy, TrainedModel
from training.kinds import kind_of

_LABELS_SHOWN = 30


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited("submit")
def new(request: HttpRequest, token: str) -> HttpResponse:
    """The form; refuses what would not be taken before the body is read, for the check of the origin reads it."""
    model = get_model(token)
    if request.method != "POST":
        return _form(request, model)
    try:
        submission.check_accepting()
        response: HttpResponse = _submit(request, model)
    except FlashError as error:
        if wants_json(request):
            raise
        return _form(request, model, error)
    return response


@csrf_protect
def _submit(request: HttpRequest, model: TrainedModel) -> HttpResponse:
    upload = chosen_file(request)
    # A field of the form that was emptied is one that was not filled in.
    filled = {name: value for name, value in request.POST.items() if value}
    batch = submission.submit(model=model, upload=upload, options=BatchOptions.from_fields(filled))
    url = reverse("batch", args=[model.token, batch.token])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else redirect(url)


@require_safe
def batch(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    """A batch from the queue to its results."""
    return render(request, "batches/batch.html", _context(get_batch(token, batch)))


@require_safe
def live(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    """The part of the page that changes; 204 while it has not."""
    context = _context(get_batch(token, batch))
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "batches/live.html", context)


@require_POST
def cancel(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    lifecycle.cancel(batch=get_batch(token, batch))
    return redirect("batch", token=token, batch=batch)


@require_safe
def results(request: HttpRequest, token: str, batch: str) -> HttpResponseBase:
    format = request.GET.get("format", "csv")
    return download_response(downloads.open_results(batch=get_batch(token, batch), format=format))


def _form(request: HttpRequest, model: TrainedModel, error: FlashError | None = None) -> HttpResponse:
    kind = kind_of(model.task_type)
    context = {
        "model": model,
        "error": error,
        "given": request.POST if error else {},
        "kind": kind,
        "limits": settings.FLASH_LIMITS,
        "retention": settings.FLASH_BATCH_RETENTION,
    }
    response = render(
        request, f"{kind.templates}/batch_new.html", context, status=error.status if error else 200
    )
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _context(batch: BatchPrediction) -> dict[str, Any]:
    position = batch.queue_position()
    counts = sorted(batch.counts.items(), key=lambda pair: -pair[1])
    # `seen` in a poll: the same version means that nothing has changed.
    state = (batch.status, batch.done, batch.bad, batch.eta_seconds, position, batch.cancel_requested)
    assert batch.model is not None
    small = batch.summary.get("thumbnails", [])
    return {
        "batch": batch,
        "results": [
            {**result, "thumbnail": picture}
            for result, picture in itertools.zip_longest(batch.first, small[: len(batch.first)])
        ],
        "formats": downloads.formats_of(batch),
        "model": batch.model,
        "kind": kind_of(batch.model.task_type),
        "position": position,
        "good": batch.done - batch.bad,
        "counts": counts[:_LABELS_SHOWN],
        "more_labels": max(0, len(counts) - _LABELS_SHOWN),
        "most": max(batch.counts.values(), default=1),
        "expires": batch.expires(CleanupPolicy.current(), settings.FLASH_BATCH_RETENTION),
        "version": hashlib.sha256(repr(state).encode()).hexdigest()[:12],
    }
