"""Pages on which a model is measured: the labelled file, the running measurement, the figures."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.batches import evaluations, lifecycle
from jobs.batches.access import get_evaluation
from jobs.models import BatchPrediction
from jobs.web.batches.page_parts import form_page, live_part, results_file, row_context, taken
from jobs.web.batches.requests import chosen_file
from jobs.web.evaluations.form import EvaluationForm
from modelstore.access import get_model
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from modelstore.models import TrainedModel
from modelstore.web.figures import confusion_rows
from training.kinds import kind_of
from training.score import Score


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited("submit")
def new(request: HttpRequest, token: str) -> HttpResponse:
    """The form, and what was sent with it."""
    model = get_model(token)

    def submit(sent: HttpRequest) -> BatchPrediction:
        upload = chosen_file(sent)
        form = EvaluationForm(model.task_type, sent.POST)
        options = form.options()
        accept = form.cleaned_data["accept_guesses"]
        return evaluations.submit(model=model, upload=upload, options=options, accept_guesses=accept)

    return taken(request, "evaluation", submit, lambda error: _form(request, model, error))


@require_safe
def evaluation(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    """A measurement from the queue to its figures."""
    return render(request, "evaluations/evaluation.html", _context(get_evaluation(token, evaluation)))


@require_safe
def live(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    return live_part(request, "evaluations/live.html", _context(get_evaluation(token, evaluation)))


@require_POST
def cancel(request: HttpRequest, token: str, evaluation: str) -> HttpResponse:
    lifecycle.cancel(batch=get_evaluation(token, evaluation))
    return redirect("evaluation", token=token, evaluation=evaluation)


@require_safe
def results(request: HttpRequest, token: str, evaluation: str) -> HttpResponseBase:
    return results_file(request, get_evaluation(token, evaluation))


def _form(request: HttpRequest, model: TrainedModel, error: FlashError | None) -> HttpResponse:
    can_measure = evaluations.can_measure(model)
    if not can_measure:
        error = error or evaluations.not_measurable()
    return form_page(
        request,
        "evaluations/new.html",
        model,
        error,
        form=EvaluationForm(model.task_type, request.POST if request.method == "POST" else None),
        can_measure=can_measure,
        accept=",".join(kind_of(model.task_type).suffixes),
    )


def _context(batch: BatchPrediction) -> dict[str, Any]:
    model, figures = batch.model, batch.evaluation
    assert model is not None
    score = Score.from_json(figures["score"]) if figures else None
    seen = (figures or {}).get("seen") or {}
    return {
        **row_context(batch, "evaluation"),
        "reading": batch.reading,
        "figures": figures,
        "score": score,
        "interval": score.interval if score else None,
        "fresh": Score.from_json(seen["score"]) if seen.get("score") else None,
        "validation": model.score if score and model.score and model.score.name == score.name else None,
        "matrix": confusion_rows(model.classes, (figures or {}).get("confusion") or []),
    }
