"""The description of the API: as OpenAPI for programs, and as a page for people, made from the same document."""

import json
from functools import cache, lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flashsite.api.schema import TAGS

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@cache
def document() -> dict[str, Any]:
    """The whole description as OpenAPI 3.1; made once in a process, for it depends on the code alone."""
    from flashsite.api import schema  # noqa: F401  # registers how keys are described

    generator: Any = SchemaGenerator  # untyped
    described: dict[str, Any] = generator().get_schema(request=None, public=True)
    return described


@cache
def _text(name: str) -> bytes:
    """The whole description by the renderer of this name, as constant as itself."""
    # Here, for it brings PyYAML: few ask for the description, and the web starts without it.
    from drf_spectacular import renderers

    text: bytes = getattr(renderers, name)().render(document())
    return text


class _JsonRenderer(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"

    def render(self, data: Any, *rest: Any) -> Any:
        """See rest_framework.renderers.BaseRenderer."""
        return _text("OpenApiJsonRenderer") if data is document() else super().render(data, *rest)


class _YamlRenderer(BaseRenderer):
    media_type = "application/vnd.oai.openapi"
    format = "yaml"

    def render(self, data: Any, *rest: Any) -> Any:
        """See rest_framework.renderers.BaseRenderer."""
        if data is document():
            return _text("OpenApiYamlRenderer")
        from drf_spectacular.renderers import OpenApiYamlRenderer

        return OpenApiYamlRenderer().render(data, *rest)  # type: ignore[no-untyped-call]


class _PlainJsonRenderer(_JsonRenderer):
    """The same for programs that ask for JSON and know no type of OpenAPI's own."""

    media_type = "application/json"
    format = ""


class SchemaView(APIView):
    """The description as JSON, or `?format=yaml`."""

    schema = None
    renderer_classes = (_JsonRenderer, _YamlRenderer, _PlainJsonRenderer)

    def get_renderers(self) -> list[Any]:
        renderers = super().get_renderers()
        if self.request.query_params.get("format") in ("json", "yaml"):
            renderers[0].format, renderers[1].format = "json", "yaml"
        return renderers

    def get(self, request: Request) -> Response:
        return Response(document())


@require_safe
@gzip_page
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its fields, an example and its refusals; loads nothing from elsewhere."""
    root = request.build_absolute_uri("/")[:-1]
    context = {"groups": _groups(), "root": root, "operations": _operations(root), "section": "api"}
    return render(request, "api_docs.html", context)


# A site has few addresses; who asks by others must not fill the memory.
@lru_cache(maxsize=4)
def _operations(root: str) -> SafeString:
    return render_to_string("api_operations.html", {"groups": _groups(), "root": root})


@cache
def _groups() -> list[dict[str, Any]]:
    """The operations by what they are for, in the order of TAGS."""
    found: dict[str, list[dict[str, Any]]] = {tag: [] for tag in TAGS}
    for path, operations in document()["paths"].items():
        for method in _METHODS:
            if method in operations:
                tag = operations[method].get("tags", ["platform"])[0]
                found.setdefault(tag, []).append(_operation(path, method, operations[method]))
    return [
        {"tag": tag, "title": TAGS.get(tag, tag.capitalize()), "operations": operations}
        for tag, operations in found.items()
        if operations
    ]


def _operation(path: str, method: str, described: dict[str, Any]) -> dict[str, Any]:
    contents = described.get("requestBody", {}).get("content", {})
    bodies = [_body(kind, content) for kind, content in contents.items()]
    return {
        "id": described["operationId"],
        "method": method.upper(),
        "path": path,
        "short": path.removeprefix("/api/v1"),
        "words": described.get("description", "").strip(),
        "needs_key": {} not in described.get("security", [{}]),
        "parameters": [_parameter(entry) for entry in described.get("parameters", [])],
        "bodies": bodies,
        "curl": _curl(path, method, bodies, {} not in described.get("security", [{}])),
        "answer": _answer(described["responses"]),
        "refusals": [
            (status, response["description"].split("\n")[0])
            for status, response in sorted(described["responses"].items())
            if int(status) >= 400
        ],
    }


def _parameter(entry: dict[str, Any]) -> dict[str, Any]:
    words = _described(entry.get("schema", {}))
    return {
        "name": entry["name"],
        "where": entry["in"],
        "required": entry.get("required", False),
        "kind": words,
        "help": entry.get("description", ""),
        "choices": entry.get("schema", {}).get("enum", []),
    }


def _body(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(content.get("schema", {}))
    required = set(schema.get("required", []))
    fields = [
        {
            "name": name,
            "required": name in required,
            "kind": _described(value),
            "help": _resolved(value).get("description", ""),
        }
        for name, value in schema.get("properties", {}).items()
    ]
    examples = [example["value"] for example in content.get("examples", {}).values() if "value" in example]
    files = [field["name"] for field in fields if field["kind"] in ("file", "list of files")]
    return {
        "kind": kind,
        "fields": fields,
        "files": files,
        "examples": examples,
        "shown": [_pretty(one) for one in examples],
    }


def _answer(responses: dict[str, Any]) -> dict[str, Any] | None:
    """The good answer: its status and an example, where there is one."""
    for status, response in responses.items():
        if int(status) < 400:
            content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
            examples = [one["value"] for one in content.get("examples", {}).values() if "value" in one]
            fields = _resolved(content.get("schema", {})).get("properties", {})
            return {
                "status": status,
                "example": _pretty(examples[0]) if examples else "",
                "fields": ", ".join(fields),
            }
    return None


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follows `$ref`, also the one inside `allOf` or `oneOf` that carries a description."""
    for _ in range(8):
        inner = schema.get("$ref") or next(
            (one["$ref"] for key in ("allOf", "oneOf") for one in schema.get(key, []) if "$ref" in one), None
        )
        if inner is None:
            return schema
        target = document()["components"]["schemas"][inner.rsplit("/", 1)[-1]]
        schema = {**target, **{key: value for key, value in schema.items() if key == "description"}}
    return schema


def _described(schema: dict[str, Any]) -> str:
    """A schema in a few words: its kind, choices and limits."""
    schema = _resolved(schema)
    if choices := schema.get("enum"):
        return " · ".join(str(choice) for choice in choices if choice is not None)
    kind = schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if schema.get("format") == "binary":
        words = "file"
    if words == "array":
        words = f"list of {_described(schema.get('items', {}))}s"
    if words == "object" and schema.get("properties"):
        words = f"object: {', '.join(schema['properties'])}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        words += f" from {low:g} to {high:g}" if isinstance(low, float) else f" from {low} to {high}"
    return words


def _curl(path: str, method: str, bodies: list[dict[str, Any]], needs_key: bool) -> list[str]:
    """A call to copy; the address of this site goes before the path."""
    parts = ["" if method == "get" else f"-X {method.upper()}" if not bodies else ""]
    if needs_key:
        parts.append('-H "Authorization: Bearer $KEY"')
    given = next((body for body in bodies if body["examples"]), None)
    if given and given["kind"].startswith("multipart/"):
        for name, value in given["examples"][0].items():
            at = "@" if name in given["files"] else ""
            for one in value if isinstance(value, list) else [value]:
                text = one if isinstance(one, str) else json.dumps(one)
                parts.append(f"-F {name}={at}{_quoted(text)}")
    elif given:
        body = json.dumps(given["examples"][0])
        parts.append(f"{'-X PATCH ' if method == 'patch' else ''}-H 'Content-Type: application/json'")
        parts.append(f"-d '{body}'")
    return [part for part in parts if part]


def _quoted(text: str) -> str:
    return text if text.replace("_", "").replace(".", "").replace("-", "").isalnum() else f"'{text}'"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
