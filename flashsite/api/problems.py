"""Errors as RFC 9457 problem details."""

from typing import Any

from modelstore.ground.errors import FlashError
from training.ground import log_lines


def problem_for(error: FlashError) -> dict[str, Any]:
    """The problem document of a refusal; `errors` lists fields, `notes` files or rows, `columns` those of a table.

    `questions` are what is open about a dataset, `token` that of the dataset, which stays.
    """
    problem: dict[str, Any] = {
        "type": f"urn:flash:problem:{error.code}",
        "title": error.title or error.detail,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    if error.fields:
        problem["errors"] = error.fields
    if error.notes:
        problem["notes"] = [note.to_json() if hasattr(note, "to_json") else str(note) for note in error.notes]
    if columns := getattr(error, "columns", None):
        problem["columns"] = columns.to_json()
    for name in ("questions", "token"):
        if value := getattr(error, name, None):
            problem[name] = value
    # Whoever runs the site finds it in the log.
    if error.status >= 500 and (request := log_lines.request_id()):
        problem["request_id"] = request
    if error.retry_after is not None:
        problem["retry_after"] = error.retry_after
    return problem
