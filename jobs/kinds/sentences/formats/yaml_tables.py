"""YAML: its lists and objects are read as those of JSON are, all its values as text."""

import io
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jobs.kinds.sentences.formats.contract import Reader, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.kinds.sentences.formats.json_files.tables import JsonReader
from jobs.uploads.errors import UploadRefused, shown

if TYPE_CHECKING:
    import yaml

# A list of records: - text: ..., with a second key below, or - {text: ...}.
_RECORDS = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*|---[^\n]*|%[^\n]*)?\r?\n|---[ \t]+)*[ \t]*-[ \t]+"
    rb"(?:\{[ \t]*[\"']?[\w .-]{1,60}[\"']?:[ \t]|[\"']?[\w.-]{1,60}[\"']?:[ \t]*[^\n]*\n(?:[ \t]+[^\n]*\n|\r?\n)*?"
    rb"[ \t]+[\"']?[\w.-]{1,60}[\"']?:(?:[ \t]|\r?\n))"
)
_MAPPING = re.compile(
    rb"(?:^|\n)[\"']?[^\s#:{}\[\]-][^:\n{}\[\]]{0,80}:[ \t]*(?:[|>][^\n]*)?\r?\n[ \t]*(?:-[ \t]|[\w\"'])"
)
# Records as documents of their own, the first without its mark.
_DOCUMENTS = re.compile(rb"(?:[\w\"'][^:\n]{0,80}:[^\n]*\r?\n(?:[ \t]+[^\n]*\n|\r?\n)*+)++---[ \t]*\r?\n")
_DEEPEST = 40
_ANOTHER = ",\n\n"
_NOTHING = frozenset(("~", ""))


def recognises(head: bytes) -> bool:
    """Whether these are the first bytes of a list of records."""
    return _RECORDS.match(head) is not None


def is_named_so(name: str, head: bytes) -> bool:
    """Whether a file whose name says YAML looks like an object or a list of it."""
    return name.lower().endswith((".yml", ".yaml")) and (
        _MAPPING.search(head) is not None
        or head.lstrip().startswith((b"- ", b"---"))
        or _DOCUMENTS.match(head) is not None
    )


def yaml_reader(source: Source) -> Reader:
    """The reader of what it says; raises UploadRefused (400, 413, 422)."""
    encoding = find_encoding(source.open, source.options.encoding)
    folder = source.closing.enter_context(tempfile.TemporaryDirectory())
    path = Path(folder) / "table.json"
    with (
        io.TextIOWrapper(source.open(), encoding=encoding.codec, errors=encoding.errors) as text,
        path.open("w", encoding="utf-8") as target,
    ):
        _as_json(text, target, source.limits.max_unpacked_bytes)
    source.notes.repair("Format", "This is YAML; all its values were read as text.")
    return JsonReader(replace(source, open=lambda: path.open("rb"), packed=True))


def _as_json(text: TextIO, target: TextIO, most: int) -> None:
    import yaml

    try:
        written = target.write(" ")  # for the bracket around several documents
        documents = 0
        for piece in _pieces(yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))):
            written += len(piece)
            if written > most:
                raise UploadRefused(
                    f"Read as YAML, the file is larger than {most / 1024**3:.3g} GB. Send fewer rows.",
                    status=413,
                    code="unpacked_too_large",
                )
            target.write(piece)
            documents += piece == _ANOTHER
        if documents:
            target.write("]")
            target.seek(0)
            target.write("[")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1:,}: " if mark else ""
        problem = shown(str(getattr(error, "problem", None) or error), 120)
        raise UploadRefused(
            f"This looks like YAML, but it is not valid ({where}{problem}). Mend it, or save the table as CSV.",
            code="yaml_invalid",
        ) from error


def _pieces(events: "Iterator[yaml.Event]") -> Iterator[str]:
    """JSON in pieces, of the documents one after another."""
    import yaml

    stack: list[_Open] = []
    begun = False
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if begun:
                yield _ANOTHER
            begun = True
        if isinstance(event, yaml.AliasEvent):
            raise UploadRefused(
                "This YAML refers to other places of itself (*name), which is not read here. Write each row in full, "
                "or save the table as CSV.",
                status=422,
                code="yaml_invalid",
            )
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            yield "}" if isinstance(event, yaml.MappingEndEvent) else "]"
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            yield _before(stack, key=False)
            if len(stack) >= _DEEPEST:
                raise yaml.YAMLError(f"lists within lists, more than {_DEEPEST} deep")
            is_object = isinstance(event, yaml.MappingStartEvent)
            stack.append(_Open(is_object))
            yield "{" if is_object else "["
        elif isinstance(event, yaml.ScalarEvent):
            is_key = bool(stack) and stack[-1].is_object and not stack[-1].has_key
            before = _before(stack, key=True)
            plain = event.style is None and event.value in _NOTHING and not is_key
            yield before + ("null" if plain else json.dumps(event.value, ensure_ascii=False))


def _before(stack: "list[_Open]", *, key: bool) -> str:
    """What stands before the next value: a comma or a colon; an object or list as a key is refused."""
    import yaml

    if not stack:
        return ""
    inside = stack[-1]
    if inside.has_key:
        inside.has_key = False
        return ": "
    if inside.is_object and not key:
        raise yaml.YAMLError("a key that is a list or an object")
    inside.has_key = inside.is_object
    inside.count += 1
    return ",\n" if inside.count > 1 else ""


@dataclass(slots=True)
class _Open:
    """An object or list that is being written; `has_key`: the value of a key comes next."""

    is_object: bool
    has_key: bool = False
    count: int = 0
