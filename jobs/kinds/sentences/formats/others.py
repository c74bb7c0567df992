"""Texts that are no tables of sentences, by their true names: mailboxes, chats, SQL, tagged words, numbers."""

import re

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.uploads.errors import UploadRefused

_LINES = 60
_MAILBOX = re.compile(rb"From \S[^\n]*\r?\n(?:[\w-]+:[^\n]*\r?\n|[ \t][^\n]*\r?\n)+", re.IGNORECASE)
_SQL = re.compile(
    rb"^\s*(?:create table\b[^\n]*\(|insert into\b[^\n]*\bvalues\b|copy \S+ \([^\n]*\) from stdin)",
    re.I | re.M,
)
_SQL_FIRST = re.compile(
    rb"\s*(?:--|/\*|set |create |drop |insert into |use |begin\b|copy |pragma )", re.IGNORECASE
)
_CHAT = re.compile(
    rb"(?:\xe2\x80\x8e)?\[?\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
    rb"(?:\s|\xe2\x80\xaf|\xc2\xa0)?(?:[ap]\.?m\.?)?(?:\]| -) [^\n]{1,80}?: ",
    re.IGNORECASE,
)
_TAGGED = re.compile(rb"\S+[ \t]+(?:\S+[ \t]+){0,8}(?:O|[BIES]-\S+)\s*")
_NUMBERS = re.compile(rb"\s*[-+]?\d+(?:\.\d+)?(?:,\d+)*(?:\s+(?:qid:\d+\s+)?\d+:[-+\d.eE]+)+\s*(?:#.*)?")
_TOML = re.compile(rb"(?:\s*#[^\n]*\n)*\s*\[{1,2}[\w. -]{1,60}\]{1,2}[ \t]*\r?\n\s*[\w.-]{1,60}[ \t]*=")
_SCRIPT = re.compile(
    rb"\s*(?:(?:var|let|const)\s+\w+\s*=|window\.[\w.]+(?:\[[^\]\n]*\])*\s*=|module\.exports\s*=|export default)"
    rb"\s*[\[{]"
)
_LATEX = re.compile(rb"\s*(?:%[^\n]*\n\s*)*\\(?:begin\{(?:tabular|table|longtable|document)|documentclass)")
_RICH_TEXT = re.compile(rb"\s*\{\\rtf")
# An element in an element, where the file does not say that it is XML.
_ELEMENTS = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<([A-Za-z][\w:.-]{0,60})(?:\s[^<>]{0,500})?>\s*<[A-Za-z][\w:.-]{0,60}[\s>/]"
)
_SUBTITLES = re.compile(rb"(?:WEBVTT\b|(?:\xef\xbb\xbf)?1\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> )")


def refuse_scripts(head: bytes) -> None:
    """Raises UploadRefused (415) where brackets at the start are not those of JSON."""
    if _TOML.match(head):
        raise _refusal("a TOML or INI file", f"Save the texts with their labels as a table. {TABLE_EXAMPLE}")
    if _SCRIPT.match(head):
        raise _refusal(
            "a script with data in it", "Keep only the data between the outer brackets, as a .json file."
        )


def refuse_others(head: bytes, *, labelled: bool) -> None:
    """Raises UploadRefused (415, 422) where the first bytes show what it is; texts alone pass unless `labelled`."""
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()]
    if _MAILBOX.match(head):
        raise _refusal(
            "a mailbox (mbox)",
            "Write the texts and their labels into a table, or put each message into a folder of its class as a file.",
        )
    if head.startswith(b"\x1e{"):
        raise _refusal(
            "a JSON text sequence",
            "Take the record separators (the characters 1E) away, so that it is JSON Lines.",
        )
    if _RICH_TEXT.match(head):
        raise _refusal(
            "a Rich Text document (RTF)", f"Save the texts with their labels as a table. {TABLE_EXAMPLE}"
        )
    if _ELEMENTS.match(head):
        raise _refusal("an XML file", f"Save the texts with their labels as a table. {TABLE_EXAMPLE}")
    if not lines or head[:1] == b'"':
        return
    if labelled and _LATEX.match(head):
        raise _refusal("a table in LaTeX", f"Save the table itself as CSV, and upload that. {TABLE_EXAMPLE}")
    if _SQL_FIRST.match(lines[0]) and _SQL.search(head[:20_000]):
        raise _refusal("a file of SQL commands", "Export the table itself as CSV, and upload that.")
    if _share(lines, _NUMBERS) > 0.9:
        raise _refusal("a file of numbers (libsvm), without the texts", f"Upload the texts. {TABLE_EXAMPLE}")
    if not labelled:
        return
    if _share(lines, _CHAT) > 0.5 and not any(b"\t" in line for line in lines):
        raise _refusal(
            "a chat without labels",
            f"Write the messages into a table, with a label for each. {TABLE_EXAMPLE}",
        )
    if _SUBTITLES.match(head):
        raise _refusal(
            "a file of subtitles", f"Write the texts into a table, with a label for each. {TABLE_EXAMPLE}"
        )
    if len(lines) > 10 and _share(lines, _TAGGED) > 0.9:
        raise UploadRefused(
            "In this file each line is a word with its tag (CoNLL); it gives no label to a whole text. Flash learns "
            f"one label for each text. {TABLE_EXAMPLE}",
            status=422,
            code="spans_not_labels",
        )


def _share(lines: list[bytes], pattern: re.Pattern[bytes]) -> float:
    return sum(1 for line in lines if pattern.match(line)) / max(1, len(lines))


def _refusal(name: str, advice: str) -> UploadRefused:
    return UploadRefused(f"This is {name}. {advice}", status=415, code="wrong_kind")
