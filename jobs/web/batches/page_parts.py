"""What the pages about a whole file have in common: one to predict, or one to measure a model on."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from jobs.batches import downloads, submission
from jobs.models import BatchPrediction
from jobs.web.batches.requests import wants_json
from modelstore.downloads.file_responses import download_response
from modelstore.ground.errors import FlashError
from modelstore.models import CleanupPolicy, TrainedModel
from training.kinds import kind_of

Submit = Callable[[HttpRequest], BatchPrediction]
# The form, empty or with what is wrong.
Form = Callable[[FlashError | None], HttpResponse]


def taken(request: HttpRequest, page: str, submit: Submit, form: Form) -> HttpResponse:
    """Shows the form or takes what was sent, which goes on at `page`: the name of its address.

    Refuses what would not be taken before the body is read, for the check of the origin reads it.
    """
    if request.method != "POST":
        return form(None)
    try:
        submission.check_accepting()
        response: HttpResponse = _submitted(request, page, submit)
    except FlashError as error:
        if wants_json(request):
            raise
        return form(error)
    return response


@csrf_protect
def _submitted(request: HttpRequest, page: str, submit: Submit) -> HttpResponse:
    batch = submit(request)
    assert batch.model is not None
    url = reverse(page, args=[batch.model.token, batch.token])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else redirect(url)


def form_page(
    request: HttpRequest, template: str, model: TrainedModel, error: FlashError | None, **more: Any
) -> HttpResponse:
    """The page of a form for a file for `model`; `more` is for its template."""
    context = {
        "model": model,
        "error": error,
        "kind": kind_of(model.task_type),
        "limits": settings.FLASH_LIMITS,
        "retention": settings.FLASH_BATCH_RETENTION,
        **more,
    }
    response = render(request, template, context, status=error.status if error else 200)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def live_part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The part of a page that changes; 204 while it has not."""
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, context)


def results_file(request: HttpRequest, batch: BatchPrediction) -> HttpResponseBase:
    """The file of results in the format that was asked for."""
    return download_response(downloads.open_results(batch=batch, format=request.GET.get("format", "csv")))


def row_context(batch: BatchPrediction, page: str) -> dict[str, Any]:
    """What templates need to know of a row; `page` is the name of its address, which begins those of its parts."""
    model, position = batch.model, batch.queue_position()
    assert model is not None
    # `seen` in a poll: the same version means that nothing has changed.
    state = (batch.status, batch.done, batch.bad, batch.eta_seconds, position, batch.cancel_requested)
    own = [model.token, batch.token]
    return {
        "batch": batch,
        "model": model,
        "kind": kind_of(model.task_type),
        "position": position,
        "formats": downloads.formats_of(batch),
        "addresses": {
            "new": reverse(f"{page}-new", args=[model.token]),
            **{name: reverse(f"{page}-{name}", args=own) for name in ("live", "cancel", "results")},
        },
        "expires": batch.expires(CleanupPolicy.current(), settings.FLASH_BATCH_RETENTION),
        "version": hashlib.sha256(repr(state).encode()).hexdigest()[:12],
    }
