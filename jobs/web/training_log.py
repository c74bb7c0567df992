"""The whole log of a job as plain text."""

from django.http import HttpResponse

from jobs.models import Job


def respond(job: Job) -> HttpResponse:
    """A line for each event: time (UTC), kind, message."""
    events = job.events.values_list("created", "kind", "message")
    lines = (
        f"{created:%Y-%m-%d %H:%M:%S} {kind:8}{message}\n" for created, kind, message in events.iterator()
    )
    disposition = 'inline; filename="training-log.txt"'
    return HttpResponse(
        lines, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
    )
