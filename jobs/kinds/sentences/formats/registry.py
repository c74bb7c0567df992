"""The formats of tables. A new one is a module with a reader, and a line in `FORMATS`."""

import re

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats import (
    arff,
    arrow_tables,
    fasttext,
    marked_lines,
    rasa,
    yaml_tables,
)
from jobs.kinds.sentences.formats.annotations import argilla_csv, label_studio_csv
from jobs.kinds.sentences.formats.annotations.label_studio_csv import LabelStudioCsv
from jobs.kinds.sentences.formats.archives.names_of_classes import with_names
from jobs.kinds.sentences.formats.arrow_tables import ArrowReader
from jobs.kinds.sentences.formats.contract import Format, Reader, Source
from jobs.kinds.sentences.formats.delimited import delimited
from jobs.kinds.sentences.formats.fasttext import FastTextReader
from jobs.kinds.sentences.formats.json_files.tables import JsonReader
from jobs.kinds.sentences.formats.others import refuse_others, refuse_scripts
from jobs.kinds.sentences.formats.python_literals import literal
from jobs.kinds.sentences.formats.rasa import RasaReader
from jobs.kinds.sentences.formats.trimmed import Trimmed
from jobs.kinds.sentences.formats.workbook import WorkbookReader
from jobs.uploads.detection import OLE_MAGIC, is_zip
from jobs.uploads.errors import UploadRefused

_HEAD_BYTES = 4096
# An object, a list of lists, objects or strings, or a dictionary of Python.
_JSON = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(?:\{\s*(?:"(?:[^"\\\n]|\\.)*+"\s*:|'[^'\n]*'\s*:|\}\s*$)|\[\s*(?:[\[{\]]|\(\s*['"]|"(?:[^"\\\n]|\\.)*+"\s*[,\]]))"""
)


def _trimmed(reader: Reader, source: Source) -> Reader:
    return Trimmed(reader, source.notes, source.options)


def _json(source: Source) -> Reader:
    reader = JsonReader(source)
    return with_names(reader, reader.class_names, source, where="beside the rows")


def _are_tuples(head: bytes) -> bool:
    """Whether each line is a tuple as Python writes it."""
    lines = head.decode("utf-8-sig", "replace").splitlines()[:3]
    return len(lines) > 1 and all(
        isinstance(value := literal(line), tuple) and len(value) > 1 for line in lines[:2]
    )


# The first that recognises a table reads it; the last takes whatever is left.
FORMATS = (
    Format(
        lambda head: is_zip(head) or head.startswith(OLE_MAGIC.replace(b"\x00", b"")),
        lambda source: _trimmed(WorkbookReader(source), source),
    ),
    Format(arrow_tables.recognises, ArrowReader),
    Format(lambda head: _JSON.match(head) or _are_tuples(head), _json),
    Format(fasttext.is_fasttext, FastTextReader),
    Format(rasa.is_yaml, RasaReader),
    Format(rasa.is_markdown, RasaReader),
    Format(arff.recognises, arff.ArffReader),
    Format(yaml_tables.recognises, yaml_tables.yaml_reader),
    Format(label_studio_csv.recognises, LabelStudioCsv),
    Format(argilla_csv.recognises, argilla_csv.argilla_csv),
    Format(lambda head: True, lambda source: _trimmed(delimited(source), source)),
)


def is_known(head: bytes) -> bool:
    """Whether the first bytes are of a format that says what it is, not of any text."""
    return any(form.recognises(head) for form in FORMATS[:-1])


def open_reader(source: Source) -> Reader:
    """The reader for the format that the first bytes show; raises UploadRefused."""
    with source.open() as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise UploadRefused(f"The file is empty. {TABLE_EXAMPLE}", code="upload_empty")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:]
    head = head.replace(b"\x00", b"") if not arrow_tables.recognises(head) else head
    refuse_scripts(head)
    for form in FORMATS[:-1]:
        if form.recognises(head):
            return form.reader(source)
    if yaml_tables.is_named_so(source.name, head):
        return yaml_tables.yaml_reader(source)
    refuse_others(head, labelled=source.labelled)
    # A text to be predicted may well begin so.
    if source.labelled and source.options.delimiter is None and marked_lines.recognises(head):
        return marked_lines.MarkedLines(source)
    return FORMATS[-1].reader(source)
