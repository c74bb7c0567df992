"""Middleware: headers on every answer, early refusals, pages for refusals."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from flashsite.api.outside_errors import OutsideError, body_incomplete, translated
from flashsite.cross_site import cross_site_refusal, is_cross_site
from flashsite.refusals import API_PREFIX, refusal
from flashsite.whole_body import was_cut, watch
from modelstore.ground import reserve, temporary
from modelstore.ground.errors import FlashError
from modelstore.ground.files import StorageFull

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
# Kinds of bodies that are written to the disk.
_TO_THE_DISK = ("multipart/form-data", "application/offset+octet-stream")
_PAGE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
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


class LengthRequired(FlashError):
    status = 411
    code = "length_required"
    title = "The length is missing"


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
    """Refuses, before a byte of the body is read, what is too much, of unknown length, or another site's doing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if (error := _refused(request, length)) is not None:
            return refusal(request, error)
        reserve.give_up_if_needed()
        watch(request, int(length))
        response = self.get_response(request)
        temporary.release(request)
        # Whatever was made of half a body, this is what is wrong with it; pieces of an upload may be cut.
        if response.status_code >= 400 and was_cut(request) and request.method != "PATCH":
            return refusal(request, body_incomplete())
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        """Pages know three methods; said here, for the check of a form's origin would say 403."""
        if request.method in _PAGE_METHODS or request.path.startswith((API_PREFIX, "/admin/")):
            return None
        response = refusal(request, _method_unknown(str(request.method)))
        response.headers["Allow"] = ", ".join(_PAGE_METHODS)
        return response


def _refused(request: HttpRequest, length: str) -> FlashError | None:
    limit = settings.FLASH_LIMITS.max_upload_bytes
    if not length.isdecimal() or len(length) > 19 or int(length) > limit + _FORM_OVERHEAD:
        return UploadTooLarge(
            f"The upload is larger than {limit / 1024**3:.3g} GB. Send fewer or smaller files."
        )
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        return LengthRequired("Send the body with a Content-Length, not in chunks.")
    if request.path.startswith(API_PREFIX) and is_cross_site(request.META):
        return cross_site_refusal()
    return _no_room(request, int(length))


def _no_room(request: HttpRequest, size: int) -> FlashError | None:
    """Said before a byte is read. Predictions go on: they keep nothing."""
    if size <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE or request.path.endswith("/predict/"):
        return None
    if not request.META.get("CONTENT_TYPE", "").lower().startswith(_TO_THE_DISK):
        return None
    try:
        temporary.check_room(size)
    except StorageFull as error:
        return error
    return None


def _method_unknown(method: str) -> FlashError:
    return OutsideError(
        f"{method[:20]} is not possible here.",
        status=405,
        code="method_not_allowed",
        title="Method not allowed",
    )


class RefusalPages:
    """Renders refusals raised by a view of the site; the API has its own handler for the same errors."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        error = translated(exception)
        return None if error is None else refusal(request, error)
