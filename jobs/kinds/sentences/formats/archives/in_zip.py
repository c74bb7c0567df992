"""The table that a zip holds: one file, several that belong together, or texts in folders of their classes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats import rasa
from jobs.kinds.sentences.formats.archives.dialogflow import find_dialogflow
from jobs.kinds.sentences.formats.archives.documents import find_by_suffix, find_documents, is_plain_text
from jobs.kinds.sentences.formats.archives.joined import Part, join
from jobs.kinds.sentences.formats.archives.names_of_classes import find_names, with_names
from jobs.kinds.sentences.formats.archives.packed import PACKED_SUFFIXES, unpacked_entry
from jobs.kinds.sentences.formats.archives.samples import find_samples
from jobs.kinds.sentences.formats.archives.side_by_side import find_side_by_side
from jobs.kinds.sentences.formats.contract import Reader, Source
from jobs.kinds.sentences.formats.registry import open_reader
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes
from jobs.uploads.right_form import choose_instead
from jobs.uploads.zip_contents import PICTURE_SUFFIXES, is_system_file, refuse_special
from training.kinds.sentences import KIND

TABLES = {
    ".csv",
    ".tsv",
    ".tab",
    ".jsonl",
    ".ndjson",
    ".json",
    ".parquet",
    ".arrow",
    ".feather",
    ".xlsx",
    ".xls",
    ".ods",
}
_NLU = {".yml", ".yaml", ".md"}
_TEXTS = {".txt", ".text"}
# What lies beside data and holds none.
_ABOUT = {
    "readme", "license", "licence", "changelog", "dataset_infos", "dataset_info", "dataset_dict", "state", "package",
    "datapackage", "metadata", "config", "croissant", "classes", "labels", "label_names", "vocab", "imdb",
    "sample_submission", "requirements", "authors", "citation", "notice", "copying", "version",
}  # fmt: skip
_PROGRAMS = {
    ".py",
    ".r",
    ".js",
    ".sh",
    ".ipynb",
    ".c",
    ".h",
    ".java",
    ".css",
    ".toml",
    ".ini",
    ".cfg",
    ".log",
    ".md",
}
_MOST_TABLES = 500
_HEAD = 64 * 1024


def open_zip(archive: Archive, source: Source) -> Reader:
    """The reader of all that belongs together in a zip; raises UploadRefused (415, 422)."""
    refuse_special(archive)
    files = [entry for entry in archive.entries if not is_system_file(entry)]
    whole = (
        find_dialogflow(archive, files, source)
        or find_side_by_side(archive, files, source)
        or find_samples(archive, files, source)
    )
    if whole is not None:
        return with_names(whole, find_names(archive, files), source)
    tables = [entry for entry in files if _is_table(archive, entry) and not _is_about(entry)]
    tables = tables or [entry for entry in files if entry.suffix in TABLES]
    documents = find_documents(
        archive, [entry for entry in files if not _is_about(entry)], source, len(tables)
    )
    if documents is not None:
        return documents
    tables = tables or [entry for entry in files if entry.suffix in _TEXTS and not _is_about(entry)]
    tables = tables or [entry for entry in files if entry.suffix in _TEXTS]
    if not tables:
        unknown = [entry for entry in files if not _is_about(entry)]
        by_suffix = find_by_suffix(archive, unknown, source)
        if by_suffix is not None:
            return by_suffix
        tables = [entry for entry in unknown if _may_be_a_table(archive, entry)]
    if not tables:
        raise _no_table(files)
    if len(tables) > _MOST_TABLES:
        raise UploadRefused(
            f"The zip contains {len(tables):,} tables; at most {_MOST_TABLES} are read together. Join them into one.",
            status=422,
            code="several_tables",
        )
    names = find_names(archive, files)
    if len(tables) == 1:
        source.notes.repair(tables[0].where, "This table was taken out of the zip.")
        return with_names(open_reader(_inside(archive, tables[0], source, source.notes)), names, source)
    parts = [_part(archive, entry, source) for entry in tables]
    return with_names(join(parts, source), names, source)


def _part(archive: Archive, entry: Entry, source: Source) -> Part:
    notes = Notes()
    try:
        return Part(entry.where, open_reader(_inside(archive, entry, source, notes)), notes)
    except UploadRefused as refusal:
        return Part(entry.where, None, notes, refusal)


def _inside(archive: Archive, entry: Entry, source: Source, notes: Notes) -> Source:
    inner = replace(
        source, open=partial(archive.stream, entry), name=entry.parts[-1], packed=True, notes=notes
    )
    return unpacked_entry(inner, entry.size) if entry.suffix in PACKED_SUFFIXES else inner


def _is_table(archive: Archive, entry: Entry) -> bool:
    if entry.suffix in TABLES:
        return True
    if entry.suffix in PACKED_SUFFIXES:
        return PurePosixPath(entry.parts[-1]).with_suffix("").suffix.lower() in TABLES | _TEXTS
    if entry.suffix not in _NLU:
        return False
    head = archive.head(entry, _HEAD)
    return (rasa.is_yaml(head) and b"examples:" in head) or rasa.is_markdown(head)


def _may_be_a_table(archive: Archive, entry: Entry) -> bool:
    """By its first bytes, as its name does not say what it is."""
    if entry.suffix in PICTURE_SUFFIXES or entry.suffix in _PROGRAMS:
        return False
    head = archive.head(entry, _HEAD)
    return is_plain_text(head) or head.startswith((b"PAR1", b"ARROW1"))


def _is_about(entry: Entry) -> bool:
    name = entry.parts[-1].casefold()
    return name.split(".")[0].replace("-", "_") in _ABOUT


def _no_table(files: Sequence[Entry]) -> UploadRefused:
    if any(entry.suffix in PICTURE_SUFFIXES for entry in files):
        return UploadRefused(
            f"The zip contains pictures, not texts.{choose_instead('.zip', KIND)}",
            status=415,
            code="wrong_kind",
        )
    held: defaultdict[str, int] = defaultdict(int)
    for entry in files:
        held[entry.suffix or "no suffix"] += 1
    what = f' It contains "{shown(files[0].where)}" and others ({listed(sorted(held))}).' if files else ""
    if len(files) == 1:
        what = f' It contains "{shown(files[0].where)}".'
    return UploadRefused(
        f"There is no table (CSV, TSV, JSON, Parquet or Arrow) and no text file in the zip.{what} Send the table "
        f"itself. {TABLE_EXAMPLE}",
        status=415,
        code="wrong_kind",
    )
