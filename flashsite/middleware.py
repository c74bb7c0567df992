"""Middleware: headers on every answer, early refusal of what is too big, pages for refusals."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from flashsite.api.problems import problem_for
from modelstore.ground.errors import FlashError

GetResponse = Callable[[HttpRequest], HttpResponse]

_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
# Room for the other parts of a form beside the file itself.
_FORM_OVERHEAD = 1024**2
API_PREFIX = "/api/"
_SECRET_PREFIXES = (
    "/jobs/",
    "/models/",
    "/datasets/",
    "/recent/",
    "/api/v1/jobs/",
    "/api/v1/models/",
    "/api/v1/datasets/",
    "/api/v1/uploads/",
)


class UploadTooLarge(FlashError):
    status = 413
    code = "upload_too_large"
    title = "The upload is too large"


class SecurityHeaders:
    """A strict content policy everywhere; pages behind a token are neither cached nor named to other sites."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        # Large files go from the browser to the bucket.
        bucket = (
            f"; connect-src 'self' {settings.FLASH_BUCKET_ORIGIN}" if settings.FLASH_DIRECT_UPLOADS else ""
        )
        self.policy = _POLICY + bucket

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        if request.path.startswith(_SECRET_PREFIXES):
            response.headers["Referrer-Policy"] = "no-referrer"
            add_never_cache_headers(response)
        return response


class RequestGuard:
    """Refuses, before a byte of the body is read, what announces more than an upload may have."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.FLASH_LIMITS.max_upload_bytes
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and len(length) < 20 and int(length) <= limit + _FORM_OVERHEAD:
            return self.get_response(request)
        error = UploadTooLarge(
            f"The upload is larger than {limit / 1024**3:.3g} GB. Send fewer or smaller files."
        )
        return refusal(request, error)


class RefusalPages:
    """Renders a FlashError raised by a view of the site; the API has its own handler for the same errors."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request, exception) if isinstance(exception, FlashError) else None


def refusal(request: HttpRequest, error: FlashError) -> HttpResponse:
    """The answer to a refused request: problem+json for programs, a page for people."""
    response: HttpResponse
    if request.path.startswith(API_PREFIX) or "application/json" in request.headers.get("Accept", ""):
        response = JsonResponse(
            problem_for(error), status=error.status, content_type="application/problem+json"
        )
    else:
        response = render(request, "error.html", {"error": error}, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
