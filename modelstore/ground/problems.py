"""All that is wrong with a request, told at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from modelstore.ground.errors import FlashError

_T = TypeVar("_T")
# Of one request: more would hide what the first of them say.
MOST_TOLD = 20


class Problems:
    """Collects the refusals of a request's parts; `refusal` is what stands for several of them."""

    def __init__(self, refusal: type[FlashError]) -> None:
        self._refusal = refusal
        self._found: list[FlashError] = []

    def of(self, read: Callable[[], _T], instead: _T) -> _T:
        """What `read` answers; when it names wrong fields, `instead`, and these are told by `check`.

        A refusal with another status (no such dataset, too large) is not one among many: it is raised at once.
        """
        try:
            return read()
        except FlashError as problem:
            if problem.status != self._refusal.status:
                raise
            self._found.append(problem)
            return instead

    def add(self, fields: Mapping[str, Sequence[str]], detail: str) -> None:
        """Wrong fields with a sentence for each; nothing without any."""
        if fields:
            self._found.append(self._refusal(detail, fields=fields))

    def check(self) -> None:
        """Raise the one refusal there was, or `refusal` with the sentences for the fields of all."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            fields: dict[str, list[str]] = {}
            for problem in self._found:
                for name, told in problem.fields.items():
                    fields[name] = [
                        *fields.get(name, []),
                        *(each for each in told if each not in fields.get(name, [])),
                    ]
            raise self._refusal(f"Please correct: {', '.join(sorted(fields))}.", fields=fields)


def unknown_fields(given: set[str], known: set[str]) -> dict[str, list[str]]:
    """A sentence for each field that is `given` and not `known`."""
    return {str(name)[:100]: ["There is no such field."] for name in sorted(given - known)[:MOST_TOLD]}


def flattened(detail: Any, name: str = "") -> dict[str, list[str]]:
    """The nested error lists of a serializer as {field: [sentence]}; nested fields are joined with dots."""
    if isinstance(detail, dict):
        fields: dict[str, list[str]] = {}
        for key, value in detail.items():
            fields |= flattened(value, f"{name}.{key}" if name else str(key))
        return fields
    if isinstance(detail, list) and any(isinstance(part, dict | list) for part in detail):
        fields = {}
        for index, value in enumerate(detail):
            fields |= flattened(value, f"{name}[{index}]")
        return fields
    return {name or "request": [str(part) for part in (detail if isinstance(detail, list) else [detail])]}
