"""Refusals as answers: problem+json for programs, a page for people; also those of Django's own error pages."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

from flashsite.api.outside_errors import OutsideError, body_incomplete, translated
from flashsite.api.problems import problem_for
from flashsite.whole_body import was_cut
from modelstore.ground.errors import FlashError
from modelstore.ground.files import StorageFull
from training.ground import log_lines

API_PREFIX = "/api/"


def refusal(request: HttpRequest, error: FlashError) -> HttpResponse:
    """The answer to a refused request."""
    response: HttpResponse
    if wants_problem(request):
        response = JsonResponse(
            problem_for(error), status=error.status, content_type="application/problem+json"
        )
    elif isinstance(error, OutsideError | StorageFull) and error.status in (503, 507):
        # Neither the database nor the disk may be asked for such a page.
        response = HttpResponse(render_to_string("not_now.html", {"error": error}), status=error.status)
    else:
        response = render(request, "error.html", {"error": error}, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def wants_problem(request: HttpRequest) -> bool:
    """Whether a program asked."""
    return request.path.startswith(API_PREFIX) or "application/json" in request.headers.get("Accept", "")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    if (error := translated(exception)) is not None:
        return refusal(request, error)
    if wants_problem(request):
        return refusal(request, FlashError("The request could not be understood."))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a database that is locked or away is no fault of ours."""
    if (error := translated(sys.exc_info()[1])) is not None:
        return refusal(request, error)
    return HttpResponse(render_to_string("500.html", {"request_id": log_lines.request_id()}), status=500)


def forbidden_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: a form without its token, which a cut one may be."""
    if was_cut(request):
        return refusal(request, body_incomplete())
    return render(request, "403_csrf.html", status=403)
