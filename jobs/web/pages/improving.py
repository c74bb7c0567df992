"""From a model's page to more data for it: which model the next upload is to improve, in a signed cookie.

So every way of handing over data leads there, and nobody copies a token.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.datasets.versions import learning
from modelstore.access import get_model
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from training.kinds import kind_of

COOKIE = "flash_improve"
_AGE = 3600


@dataclass(frozen=True, slots=True)
class Improved:
    """The model that is to be improved, and the token of the kept data that it learnt from; "" where none is."""

    model: TrainedModel
    data: str

    def initial(self) -> dict[str, Any]:
        """What the form of the training begins with: the model, its data, and the settings that it had."""
        config = self.model.manifest.get("config", {})
        same = {"preset": config["preset"]} if "preset" in config else {}
        return {
            **same,
            "task_name": self.model.task_name,
            "continue_from": self.model.token,
            "extend_dataset": self.data,
            # What it learns from now is what the next training adds to.
            "keep_dataset": bool(self.data),
        }


def improved(request: HttpRequest, task: str) -> Improved | None:
    """The model that data of this task is meant for; None without one, or where it is gone or of another kind."""
    token = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=_AGE)
    if not token:
        return None
    try:
        model = get_model(token)
    except FlashError:
        return None
    if model.task_type != task or model.pinned:
        return None
    found = learning.learnt_from(model)
    return Improved(model, found[1] if found else "")


@require_POST
def improve(request: HttpRequest, token: str) -> HttpResponse:
    """Leads to the upload of more data for this model."""
    model = get_model(token)
    if model.pinned:
        messages.warning(
            request, "The operator of this site keeps this model for everyone, so it stays as it is."
        )
        return redirect("model", token=token)
    response = redirect("new-kind", slug=kind_of(model.task_type).slug)
    options: dict[str, Any] = {"max_age": _AGE, "httponly": True, "samesite": "Lax"}
    response.set_signed_cookie(COOKIE, token, salt=COOKIE, secure=settings.SESSION_COOKIE_SECURE, **options)
    return response


@require_POST
def improve_nothing(request: HttpRequest) -> HttpResponse:
    """The next upload is for a model of its own."""
    response = redirect("new")
    forget(response)
    return response


def forget(response: HttpResponse) -> None:
    """Drops the cookie."""
    response.delete_cookie(COOKIE, samesite="Lax")
