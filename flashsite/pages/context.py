"""What every page shows: the platform's state."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from jobs.queue.platform_status import platform_summary


def platform(request: HttpRequest) -> dict[str, Any]:
    """`platform`: the summary of GET /api/v1/status/, read only by templates that use it."""
    return {"platform": SimpleLazyObject(platform_summary)}
