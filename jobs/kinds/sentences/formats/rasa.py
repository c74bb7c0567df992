"""Rasa's training data: intents with blocks of examples, as YAML or (before version 2) Markdown."""

import io
import re
from collections.abc import Iterator

from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.kinds.sentences.formats.fasttext import bounded_lines
from jobs.uploads.errors import UploadRefused

_YAML_HEAD = re.compile(rb"(?:^|\n)[ \t]*-?[ \t]*(?:nlu:|intent:[ \t]*\S)")
_OTHER_YAML = re.compile(
    rb"(?:^|\n)(?:intents|stories|rules|responses|pipeline|policies|actions|forms):[ \t]*\r?\n[ \t]*(?:-|\w+:)"
)
_MARKDOWN_HEAD = re.compile(rb"(?:^|\n)##[ \t]*intent[ \t]*:")
_INTENT = re.compile(r"""^\s*-?\s*intent:\s*(?P<q>["']?)(?P<name>[^#]*?)(?P=q)\s*(?:#.*)?$""")
_KEY = re.compile(r"^\s*-?\s*[A-Za-z_]+:(?:\s|$)")
_EXAMPLES = re.compile(r"^\s*-?\s*examples:")
_HEADING = re.compile(r"^##\s*(\w+)\s*:\s*(.*?)\s*$")
_DASH = re.compile(r"^\s*[-*+]\s+(.*\S)\s*$")
_TEXT_KEY = re.compile(r"^(?:text:\s*\|?\s*)")
# [next week](date), [NYC]{"entity": "city", "value": "New York"}
_ENTITY = re.compile(r"\[([^\]\n]{1,300})\](?:\([^)\n]{0,300}\)|\{[^}\n]{0,300}\})")


def is_yaml(head: bytes) -> bool:
    """Whether these are the first bytes of NLU data in YAML."""
    if _OTHER_YAML.search(head):
        return True
    return (
        _YAML_HEAD.search(head) is not None
        and b"intent:" in head
        and (b"examples:" in head or b"nlu:" in head)
    )


def is_markdown(head: bytes) -> bool:
    """Whether these are the first bytes of NLU data in Markdown."""
    return _MARKDOWN_HEAD.search(head) is not None


class RasaReader:
    """Examples of intents, numbered by their lines; marks of entities are taken out of them."""

    columns: list[str] | None = ["text", "intent"]
    meaning = Meaning(inputs=("text",), label="intent")
    delimiter: str | None = None
    unit = "Line"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._encoding = find_encoding(source.open, source.options.encoding)
        self.encoding = self._encoding.name
        with source.open() as file:
            self._markdown = is_markdown(file.read(64 * 1024))
        if next(iter(self.records()), None) is None:
            raise UploadRefused(
                "This is a file of Rasa, but it holds no examples of intents. Send the file with the NLU data, in "
                "which each intent has examples.",
                status=422,
                code="no_usable_rows",
            )
        source.notes.repair(
            "Format",
            "This is training data of Rasa: each example is a text, its intent the label; marks of entities were "
            "taken out.",
        )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line, text and intent)."""
        text_file = io.TextIOWrapper(
            self._source.open(), encoding=self._encoding.codec, errors=self._encoding.errors
        )
        with text_file as file:
            lines = enumerate(bounded_lines(file, self._source.limits), start=1)
            yield from _markdown(lines) if self._markdown else _yaml(lines)


def _yaml(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str | None]]]:
    """Line by line, as it is written by hand and by Rasa; a million examples need no tree in memory."""
    intent, inside, waiting = "", False, False
    for number, line in lines:
        if waiting and line.strip():
            waiting = False
            yield number, [_plain(line.strip()), intent]
        elif found := _INTENT.match(line):
            intent, inside = found["name"].strip(), False
        elif _EXAMPLES.match(line):
            inside = True
        elif inside and intent and (dashed := _DASH.match(line)):
            text = _TEXT_KEY.sub("", dashed[1])
            waiting = not text
            if text and not _is_other_key(text):
                yield number, [_plain(text), intent]
            elif _is_other_key(text):
                intent, inside = "", False
        elif _KEY.match(line) and not line.strip().startswith(("text:", "metadata:")):
            intent, inside = (
                intent if line.startswith((" ", "\t")) else "",
                inside and line.startswith((" ", "\t")),
            )


def _is_other_key(text: str) -> bool:
    return re.fullmatch(r"(?:synonym|regex|lookup|story|rule|intent|examples):.*", text) is not None


def _markdown(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str | None]]]:
    intent = ""
    for number, line in lines:
        if heading := _HEADING.match(line):
            intent = heading[2] if heading[1] == "intent" else ""
        elif line.startswith("#"):
            intent = ""
        elif intent and (dashed := _DASH.match(line)):
            yield number, [_plain(dashed[1]), intent]


def _plain(text: str) -> str:
    text = _ENTITY.sub(r"\1", text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text
