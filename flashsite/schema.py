"""What the description of the API says of every operation alike: how it refuses."""

from typing import Any

_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_ALWAYS = {
    "400": "The request is not right; `errors` says which field.",
    "405": "Method not allowed.",
    "406": "Nothing is served in the form that `Accept` asks for.",
    "429": "Too many requests; `Retry-After` says when to come back.",
}
_WITH_BODY = {
    "403": "Not allowed.",
    "404": "What the request names does not exist.",
    "413": "Too large.",
    "415": "A kind of file or body that is not taken.",
    "422": "It was read, but makes no sense.",
    "503": "Not now: dev mode, or a full queue; `Retry-After` says when to come back.",
}
_WITH_ACCOUNT = {"403": "For operators signed in to the admin."}
_WITH_TOKEN = {"404": "No such token."}


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook: all refusals are problem documents (RFC 9457)."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            usual = (
                _ALWAYS
                | (_WITH_BODY if method in ("post", "patch") else {})
                | (_WITH_TOKEN if "{token}" in path else {})
            )
            usual |= _WITH_ACCOUNT if {} not in operation.get("security", [{}]) else {}
            for status, description in usual.items():
                responses.setdefault(status, {"description": description})
            for status, response in responses.items():
                if int(status) >= 400:
                    response["content"] = {"application/problem+json": _PROBLEM}
    return result
