"""Pages of a list: a cursor, so that page one thousand costs what page one costs and nothing is counted."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from modelstore.ground.errors import FlashError


class PageInvalid(FlashError):
    """`limit` or a filter cannot be used."""

    status = 400
    code = "invalid"
    title = "The request has errors"


class PageUnknown(FlashError):
    """The cursor names no page of this list."""

    status = 404
    code = "page_not_found"
    title = "There is no such page"


class Pages(CursorPagination):
    """`{"next", "previous", "results"}`, newest first; `next` and `previous` are addresses or null."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    page_size_query_description = "How many rows a page has at most."
    cursor_query_description = "From `next` or `previous` of another page."
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(str(self.page_size_query_param))
        if text is None:
            return self.page_size
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
        if not 1 <= number <= self.max_page_size:
            raise _refused("limit", f"Give a whole number from 1 to {self.max_page_size}.")
        return number

    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise _no_page() from error

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (TypeError, ValueError, OverflowError) as error:
            # A cursor of the right form whose position is no number of a row.
            raise _no_page() from error

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        example = "http://localhost:8000/api/v1/jobs/?cursor=cD00MDAx"
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "example": example},
                "previous": {**address, "example": None},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        bounds = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == str(self.page_size_query_param):
                parameter["schema"] = {"type": "integer", **bounds}
        return parameters


class LogPages(Pages):
    """The same, oldest first: a log is read from its beginning."""

    page_size = 1000
    max_page_size = 1000
    ordering = "pk"


def _no_page() -> FlashError:
    message = "Take the address in `next` or `previous` as it is."
    return PageUnknown(f"There is no page for this cursor. {message}", fields={"cursor": [message]})


def _refused(name: str, sentence: str) -> FlashError:
    return PageInvalid(f"`{name}` cannot be used. {sentence}", fields={name: [sentence]})
