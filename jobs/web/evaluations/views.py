"""Pages on which a model is measured: the labelled file, the running measurement, the figures."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.batches import downloads, evaluations, lifecycle, submission
from jobs.batches.access import get_evaluation
from jobs.models import BatchPrediction
from jobs.web.batches.requests import chosen_file, wants_json
from jobs.web.evaluations.form import EvaluationForm
from modelstore.access import get_model
from modelstore.downloads.file_responses import download_response
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.web.figures import confusion_rows
from training.kinds import kind_of
from training.score import Score


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
    form = EvaluationForm(model.task_type, request.POST)
    options = form.options()
    found = evaluations.submit(
        model=model, upload=upload, options=options, accept_guesses=form.cleaned_data["accept_guesses"]
    )
    url = reverse("evaluation", args=[model.token, found.token])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else redirect(url)


@require_safe
def evaluation(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    """A measurement from the queue to its figures."""
    return render(request, "evaluations/evaluation.html", _context(get_evaluation(token, evaluation)))


@require_safe
def live(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    """The part of the page that changes; 204 while it has not."""
    context = _context(get_evaluation(token, evaluation))
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "evaluations/live.html", context)


@require_POST
def cancel(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    lifecycle.cancel(batch=get_evaluation(token, evaluation))
    return redirect("evaluation", token=token, evaluation=evaluation)


@require_safe
def results(request: HttpRequest, token: str, evaluation: str) -> HttpResponseBase:
    format = request.GET.get("format", "csv")
    return download_response(downloads.open_results(batch=get_evaluation(token, evaluation), format=format))


def _form(request: HttpRequest, model: TrainedModel, error: FlashError | None = None) -> HttpResponse:
    kind = kind_of(model.task_type)
    if not evaluations.can_measure(model):
        error = error or evaluations.not_measurable()
    context = {
        "model": model,
        "error": error,
        "form": EvaluationForm(model.task_type, request.POST if request.method == "POST" else None),
        "can_measure": evaluations.can_measure(model),
        "kind": kind,
        "accept": ",".join(kind.suffixes),
        "limits": settings.FLASH_LIMITS,
        "retention": settings.FLASH_BATCH_RETENTION,
    }
    response = render(request, "evaluations/new.html", context, status=error.status if error else 200)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _context(batch: BatchPrediction) -> dict[str, Any]:
    position = batch.queue_position()
    # `seen` in a poll: the same version means that nothing has changed.
    state = (batch.status, batch.done, batch.bad, batch.eta_seconds, position, batch.cancel_requested)
    model, figures = batch.model, batch.evaluation
    assert model is not None
    score = Score.from_json(figures["score"]) if figures else None
    return {
        "batch": batch,
        "model": model,
        "kind": kind_of(model.task_type),
        "position": position,
        "formats": downloads.formats_of(batch),
        "reading": batch.reading,
        "figures": figures,
        "score": score,
        "interval": score.interval if score else None,
        "validation": model.score if score and model.score and model.score.name == score.name else None,
        "matrix": confusion_rows(model.classes, (figures or {}).get("confusion") or []),
        "addresses": {
            name: reverse(f"evaluation-{name}", args=[model.token, batch.token])
            for name in ("live", "cancel", "results")
        },
        "expires": batch.expires(CleanupPolicy.current(), settings.FLASH_BATCH_RETENTION),
        "version": hashlib.sha256(repr(state).encode()).hexdigest()[:12],
    }
