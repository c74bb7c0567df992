"""The page of a model: how good it is, predictions, downloads."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from modelstore.access import get_model
from modelstore.downloads import file_responses
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import caller_of, limited, spend_of
from modelstore.models import CleanupPolicy
from modelstore.web.contract import page_of
from modelstore.web.model_page import context
from modelstore.web.page_predictions import predict_each
from modelstore.web.report_file import report_response
from modelstore.web.results_csv import results_response
from training.kinds import KINDS, kind_of


@require_safe
def model(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "modelstore/model.html", context(request, get_model(token)))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("predict")
def model_predict(request: HttpRequest, token: str) -> HttpResponse:
    """Predicts what was posted: the list alone for the page's script, a CSV file, else the whole page with it."""
    found = get_model(token)
    if request.method != "POST":
        return render(request, "modelstore/model.html", context(request, found))
    form = page_of(found.task_type).Form(request.POST, request.FILES)
    told: dict[str, Any] = {"form": form, "kind": kind_of(found.task_type)}
    status = 200
    if form.is_valid():
        inputs, names = form.inputs()
        wants_file = request.POST.get("as") == "csv"
        explain = bool(form.cleaned_data["explain"]) and not wants_file
        try:
            told["outcomes"] = predict_each(
                model=found,
                inputs=inputs,
                names=names,
                threshold=form.value() or 0.0,
                explained=explain,
                spend=spend_of(caller_of(request)),
            )
        except FlashError as error:
            told["refusal"], status = error, error.status
        else:
            if wants_file:
                return results_response(found, told["outcomes"])
    else:
        status = 400
    if request.headers.get("X-Part") == "predictions":
        return render(request, "modelstore/predictions.html", told, status=status)
    return render(request, "modelstore/model.html", context(request, found, form) | told, status=status)


@require_safe
def model_page(request: HttpRequest, token: str, page: str) -> HttpResponse:
    """A further page that models of this kind have; others are sent to the page that each model has."""
    if not any(page in page_of(task).PAGES for task in KINDS):
        raise Http404
    found = get_model(token)
    if page not in page_of(found.task_type).PAGES:
        return redirect("model", token=token)
    context = {"model": found, "expires": found.expires(CleanupPolicy.current())}
    return render(request, f"{kind_of(found.task_type).templates}/{page}.html", context)


@require_safe
@limited("predict")
def model_report(request: HttpRequest, token: str) -> HttpResponse:
    """One HTML file with all that is known of how the model was measured; for those that stay here, too."""
    return report_response(get_model(token))


@require_safe
def model_download(request: HttpRequest, token: str) -> HttpResponseBase:
    found = get_model(token)
    return file_responses.respond(model=found, format=request.GET.get("format", "onnx"))
