"""What requests about whole files have in common, on pages and over the API."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from jobs.batches.errors import BatchInvalid
from modelstore.ground.problems import Problems, unknown_fields


def problems_of(request: Request, fields: Iterable[str]) -> Problems:
    """What is wrong with an API request that may have a file and these `fields`: so far, fields that there are not."""
    problems = Problems(BatchInvalid)
    unknown = unknown_fields(set(request.data), {"file", *fields})
    problems.add(unknown, f"Unknown fields: {', '.join(unknown)}.")
    return problems


def only_file(request: Request) -> Any:
    """The one file of an API request; raises BatchInvalid."""
    sent = request.FILES.getlist("file")
    if len(sent) != 1 or len(request.FILES) != 1:
        message = "Send one file, as multipart, in the field `file`."
        raise BatchInvalid(message, fields={"file": [message]})
    return sent[0]


def chosen_file(request: HttpRequest) -> Any:
    """The file of a form; raises BatchInvalid."""
    upload = request.FILES.get("file")
    if upload is None:
        raise BatchInvalid("Choose a file first.", fields={"file": ["Choose a file first."]})
    return upload


def wants_json(request: HttpRequest) -> bool:
    """Whether a script sent the form."""
    return "application/json" in request.headers.get("Accept", "")
