"""Health pages for supervisors and load balancers."""

import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from modelstore.models import TrainedModel


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the web and its database answer; the broker's death only delays work, so it is not asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all: what fails here, a restart may help."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503: send them to another machine meanwhile, do not restart this one."""
    try:
        TrainedModel.objects.exists()
    except DatabaseError:
        return JsonResponse({"status": "the database is not responding"}, status=503)
    if not os.access(settings.FILE_UPLOAD_TEMP_DIR, os.W_OK):
        return JsonResponse({"status": "the folder for uploads cannot be written to"}, status=503)
    return JsonResponse({"status": "ok"})
