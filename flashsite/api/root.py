"""What the whole API shares: refusals as problem details, the root, the schema's pages."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import set_rollback

from flashsite.api.outside_errors import OutsideError, translated
from flashsite.api.problems import problem_for
from modelstore.ground.errors import FlashError
from modelstore.ground.problems import flattened

_TITLES = {
    401: "No key was sent",
    403: "Not allowed",
    415: "Unsupported media type",
    405: "Method not allowed",
    429: "Too many requests",
}
_SIGN_IN = "Send an API key in the header `Authorization: Bearer flash_…`, or sign in to the admin."


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error leaves as application/problem+json (RFC 9457)."""
    known = translated(error) or _translate(error)
    if known is None:
        return None
    set_rollback()
    headers = {} if known.retry_after is None else {"Retry-After": str(known.retry_after)}
    if known.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Flash"'
    if isinstance(error, exceptions.MethodNotAllowed) and "view" in context:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(
        problem_for(known), status=known.status, headers=headers, content_type="application/problem+json"
    )


def _translate(error: Exception) -> FlashError | None:
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        return OutsideError(
            "Some fields are not valid; `errors` says which.",
            status=400,
            code="invalid",
            title="The request has errors",
            fields=flattened(error.detail),
        )
    if isinstance(error, exceptions.NotAuthenticated):
        error.detail = exceptions.ErrorDetail(_SIGN_IN, "not_authenticated")
    wait = getattr(error, "wait", None)
    return OutsideError(
        str(error.detail),
        status=error.status_code,
        code=str(error.default_code),
        title=_TITLES.get(error.status_code, str(error.default_detail)),
        retry_after=int(wait) + 1 if wait is not None else None,
    )


@extend_schema(
    operation_id="root",
    tags=["platform"],
    auth=[],
    responses={200: {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}},
    examples=[
        OpenApiExample("Addresses", {"status": "http://localhost:8000/api/v1/status/"}, response_only=True)
    ],
)
@api_view(["GET"])
def root(request: Request) -> Response:
    """Where things are: the address of each part."""
    return Response(
        {
            "status": reverse("api:status", request=request),
            "datasets": reverse("api:datasets", request=request),
            "jobs": reverse("api:jobs", request=request),
            "models": reverse("api:models", request=request),
            "servers": reverse("api:servers", request=request),
            "schema": reverse("api:schema", request=request),
            "docs": reverse("api:docs", request=request),
        }
    )


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> Any:
    """Unknown addresses under the API answer in the API's form, too."""
    problem = OutsideError(
        "There is nothing at this address.", status=404, code="not_found", title="Not found"
    )
    return JsonResponse(problem_for(problem), status=404, content_type="application/problem+json")
