"""The page that classifies what a camera sees, over the ordinary predict API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from modelstore.access import get_model
from modelstore.models import CleanupPolicy, TaskType


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The camera's page of a picture model; a text model has its own page only."""
    model = get_model(token)
    if model.task_type != TaskType.IMAGE:
        return redirect("model", token=token)
    context = {"model": model, "expires": model.expires(CleanupPolicy.current())}
    return render(request, "modelstore/camera.html", context)
