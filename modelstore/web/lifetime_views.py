"""What its owner may do to a model: let it live longer, or delete it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timesince import timeuntil
from django.views.decorators.http import require_http_methods, require_POST

from modelstore.access import get_model
from modelstore.ground.errors import FlashError
from modelstore.lifetime import owner_actions


@require_POST
def model_extend(request: HttpRequest, token: str) -> HttpResponse:
    try:
        until = owner_actions.extend(model=get_model(token))
    except owner_actions.NotExtendable as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, f"It now lives for another {timeuntil(until)}.")
    return redirect("model", token=token)


@require_http_methods(["GET", "HEAD", "POST"])
def model_delete(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first; a POST deletes."""
    model = get_model(token)
    if request.method != "POST":
        return render(
            request, "modelstore/delete.html", {"model": model, "is_first": owner_actions.is_first(model)}
        )
    try:
        owner_actions.delete(model=model)
    except FlashError as error:
        return render(
            request, "modelstore/delete.html", {"model": model, "refusal": error}, status=error.status
        )
    return render(request, "modelstore/deleted.html", {"task_name": model.task_name})
