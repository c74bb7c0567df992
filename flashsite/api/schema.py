"""What the description of the API says of every operation alike: how one signs in, and how it refuses."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

# Where an operation belongs, with words for people.
TAGS = {
    "platform": "The platform",
    "train": "Train",
    "versions": "Versions of a dataset",
    "uploads": "Large files in pieces",
    "models": "Use a model",
    "batches": "Predict whole files",
}
# Of a serializer whose other fields are ignored, not refused.
OPEN_BODY = "x-other-fields-ignored"
_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_ALWAYS = {
    "400": "The request is not valid; `errors` says which field.",
    "405": "Method not allowed.",
    "406": "Nothing is served in the format that `Accept` asks for.",
    "429": "Too many requests; `Retry-After` says when to come back.",
}
_WITH_BODY = {
    "401": "key_invalid: the key is unknown, revoked or expired.",
    "403": "scope_missing: the key is for other things.",
    "404": "What the request refers to does not exist.",
    "409": "conflict: no longer possible.",
    "413": "Too large.",
    "415": "A kind of file or body that is not accepted.",
    "422": "It was read, but cannot be used.",
    "503": "Not now: dev mode, or a full queue; `Retry-After` says when to come back.",
    "507": "storage_full: the server's disk is full.",
}
_WITH_ACCOUNT = {
    "401": "not_authenticated, key_invalid: send a key.",
    "403": "scope_missing, permission_denied: the key or account is for other things.",
}
_WITH_TOKEN = {"404": "No such token."}
_WITH_PAGES = {"404": "page_not_found: no page has this cursor."}
_WAITING = ("429", "503")
_WAIT_HEADER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """`Authorization: Bearer flash_…`"""

    target_class = "modelstore.api_keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key from the operator of the site.",
        }


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook: all refusals are problem documents (RFC 9457)."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            closed = {} not in operation.get("security", [{}])
            usual = (
                _ALWAYS
                | (_WITH_BODY if method in ("post", "patch", "put") else {})
                | (_WITH_TOKEN if "{token}" in path else {})
                | (_WITH_ACCOUNT if closed else {})
                | (_WITH_PAGES if _has_pages(operation) and "{token}" not in path else {})
            )
            for status, description in usual.items():
                responses.setdefault(status, {"description": description})
            for status, response in responses.items():
                if int(status) >= 400:
                    response["content"] = {"application/problem+json": _PROBLEM}
                if status in _WAITING:
                    response["headers"] = _WAIT_HEADER
    _close_bodies(result)
    return result


def describe_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook: what generators of clients and linters look for beyond the fields."""
    result["servers"] = [{"url": "/", "description": "The site that this description came from."}]
    result["tags"] = [{"name": name, "description": title} for name, title in TAGS.items()]
    for operations in result["paths"].values():
        for operation in operations.values():
            first = operation.get("description", "").strip().split("\n\n")[0]
            operation.setdefault("summary", " ".join(first.split()).rstrip("."))
            operation.setdefault("security", [{}])
            if "requestBody" in operation:
                operation["requestBody"]["required"] = _needs_body(operation["requestBody"], result)
    return result


def _needs_body(body: dict[str, Any], result: dict[str, Any]) -> bool:
    schemas = [content.get("schema", {}) for content in body["content"].values()]
    known = result["components"]["schemas"]
    named = [known.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema) for schema in schemas]
    return any(schema.get("required") or schema.get("format") == "binary" for schema in named)


def _has_pages(operation: dict[str, Any]) -> bool:
    return any(parameter["name"] == "cursor" for parameter in operation.get("parameters", []))


def _close_bodies(result: dict[str, Any]) -> None:
    """Unknown fields of a body are refused, and the description says so."""
    schemas = result["components"]["schemas"]
    for operations in result["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
                if schemas.get(name, {}).get("type") == "object":
                    schemas[name]["additionalProperties"] = schemas[name].pop(OPEN_BODY, False)
