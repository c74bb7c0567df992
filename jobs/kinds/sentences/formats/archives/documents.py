"""Text files in folders of their classes, or one text file per class with a sentence on each line."""

import codecs
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.formats.contract import Meaning, Reader, Source
from jobs.kinds.sentences.formats.fasttext import is_fasttext
from jobs.kinds.sentences.formats.splits import is_split, split_named
from jobs.kinds.sentences.options import NOTHING
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.code_pages import NAMES, likely_code_pages, next_best
from jobs.uploads.detection import other_kind
from jobs.uploads.errors import UploadRefused, listed
from jobs.uploads.findings import Notes

_SUFFIXES = {".txt", ".text", "", ".eml", ".mail", ".article", ".story"}
_NUMBERED = re.compile(r"\.\d+")
_UNLABELLED = {"unsup", "unlabeled", "unlabelled"}
_LINES_MATTER = 3
_MORE_THAN_TABLES = 10
_SAMPLE = 64 * 1024
_MOST_HEADS = 2_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes({*range(9), *range(14, 32)})
_DELIMITERS = (b"\t", b",", b";", b"|")


@dataclass(frozen=True, slots=True)
class _Document:
    entry: Entry
    label: str
    split: str


def find_documents(archive: Archive, files: Sequence[Entry], source: Source, tables: int) -> Reader | None:
    """The reader of a zip of text files; None if it holds tables, which `tables` counts. Raises UploadRefused (422)."""
    texts = [entry for entry in files if _is_text(entry)]
    if len(texts) < 2 or (tables and len(texts) <= _MORE_THAN_TABLES * tables):
        return None
    root = _common(texts)
    splits_at = _split_level(texts, root)
    found = [_document(entry, root, splits_at) for entry in texts]
    labels = Counter(one.label for one in found if one.label)
    if len(labels) > 1 and not all(map(is_split, labels)):
        if max(labels.values()) == 1:
            return Documents(archive, _by_folder(found, source.notes), source, lines=True)
        return Documents(archive, _by_folder(found, source.notes), source, lines=False)
    if all(is_split(entry.parts[-1].split(".")[0]) for entry in texts) or any(
        is_fasttext(archive.head(entry)) for entry in texts[:3]
    ):
        return None  # tables: the parts of a dataset
    if tables:
        return None
    return _loose(archive, texts, source)


def find_by_suffix(archive: Archive, files: Sequence[Entry], source: Source) -> Reader | None:
    """The reader of files of one name whose suffixes are the classes, such as reviews.pos and reviews.neg."""
    names = {entry.where[: -len(entry.suffix)] for entry in files if entry.suffix}
    suffixes = [entry.suffix[1:] for entry in files]
    if len(files) < 2 or len(names) > 1 or not all(suffixes) or all(map(is_split, suffixes)):
        return None
    if len(set(suffixes)) < len(suffixes) or not all(is_plain_text(archive.head(entry)) for entry in files):
        return None
    source.notes.repair(
        "Files", f"{listed(suffixes)} were read as one file per class, with one sentence a line."
    )
    found = [_Document(entry, suffix, "") for entry, suffix in zip(files, suffixes, strict=True)]
    return Documents(archive, found, source, lines=True)


def is_plain_text(head: bytes) -> bool:
    """Whether the first bytes are those of a text, whatever its name says."""
    control = len(head) - len(head.translate(None, _CONTROL))
    return bool(head.strip()) and not control and other_kind(head) is None


def _loose(archive: Archive, texts: Sequence[Entry], source: Source) -> Reader | None:
    """Text files side by side: tables, one file per class, or texts without any class."""
    names = [entry.parts[-1].rsplit(".", 1)[0] for entry in texts]
    numbered = sum(any(c.isdigit() for c in name) for name in names) * 2 > len(names)
    heads = [archive.head(entry, _SAMPLE) for entry in texts[:20]]
    if not numbered and all(_is_table(head) for head in heads):
        return None
    lines = sum(head.count(b"\n") for head in heads) / len(heads)
    parts = sum(bool(split_named(name)) for name in names) > 1
    if not numbered and not parts and (lines >= _LINES_MATTER or len(texts) <= 20):
        source.notes.repair(
            "Files", f"{listed(names)} were read as one file per class, with one sentence a line."
        )
        files = [_Document(entry, name, "") for entry, name in zip(texts, names, strict=True)]
        return Documents(archive, files, source, lines=True)
    if source.labelled:
        raise UploadRefused(
            f"The zip contains {len(texts):,} text files ({listed([entry.where for entry in texts], 3)}), but nothing "
            "says what their classes are. Put them into one folder per class, such as billing/1.txt and login/2.txt, "
            "and zip the folders.",
            status=422,
            code="no_classes",
        )
    return Documents(archive, [_Document(entry, "", "") for entry in texts], source, lines=False)


class Documents:
    """Texts of files, numbered in their order; `lines`: each line is a text of its own."""

    delimiter: str | None = None
    encoding = "utf-8"

    def __init__(self, archive: Archive, found: Sequence[_Document], source: Source, *, lines: bool) -> None:
        self._archive = archive
        self._found = found
        self._limits = source.limits
        self._notes = source.notes
        self._told = 0
        self._chosen = source.options.encoding
        self._pages: list[str] | None = None
        self._lines = lines
        self.unit = "Line" if lines else "File"
        self._splits = len({one.split for one in found}) > 1
        self.columns: list[str] | None = ["text", "folder" if not lines else "file"]
        self.meaning = Meaning(inputs=("text",), label=self.columns[1])
        if self._splits:
            self.columns.append("split")
            self.meaning = Meaning(inputs=("text",), label=self.columns[1], split="split")

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the file or line, its text, class and, where given, part of the dataset)."""
        number = 0
        for file, one in enumerate(self._found, start=1):
            for text in self._texts(one, file):
                number += 1
                yield (
                    number if self._lines else file,
                    [text, one.label, *([one.split] if self._splits else [])],
                )
        self._told = len(self._found)

    def _texts(self, one: _Document, file: int) -> Iterator[str]:
        most = self._limits.max_field_chars
        if not self._lines and one.entry.size > 4 * most:
            self._skip(one, file, f"it is longer than {most:,} characters")
            return
        if one.entry.size > self._limits.max_picture_bytes:
            self._skip(one, file, "it is far too large for a text")
            return
        text = self._decode(one, file)
        if self._lines:
            for line in text.splitlines():
                if line.strip() and len(line) <= most:
                    yield line.strip()
        elif len(text) > most:
            self._skip(one, file, f"it is longer than {most:,} characters")
        else:
            yield text

    def _decode(self, one: _Document, file: int) -> str:
        with self._archive.stream(one.entry) as stream:
            data = stream.read(self._limits.max_picture_bytes)
        codec = self._chosen or ("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
        try:
            return data.decode(codec).replace("\x00", "")
        except UnicodeDecodeError:
            pages = self._code_pages()
            if file > self._told:
                self._told = file
                name, other = NAMES.get(pages[0], pages[0]), next_best(pages[0], pages)
                self._notes.repair(
                    one.entry.where,
                    f"It is not {self._chosen or 'UTF-8'}; it was read as {name}.",
                    undo={"encoding": other} if other and not self._chosen else None,
                )
            return data.decode(self._chosen or pages[0], "replace").replace("\x00", "")

    def _code_pages(self) -> list[str]:
        """The code pages that fit the files best which are not UTF-8, looked at together: one alone says little."""
        if self._chosen:
            return [self._chosen]
        if self._pages is None:
            odd = b""
            for one in self._found[:_MOST_HEADS]:
                head = self._archive.head(one.entry, _SAMPLE)
                if not head.isascii() and not _is_utf8(head):
                    odd += head + b"\n"
                if len(odd) > _SAMPLE:
                    break
            self._pages = likely_code_pages(odd)
        return self._pages

    def _skip(self, one: _Document, file: int, reason: str) -> None:
        if file > self._told:
            self._told = file
            self._notes.skip(one.entry.where, f"Left out: {reason}.")


def _is_utf8(head: bytes) -> bool:
    """Whether a text whose first bytes these are may be UTF-8: the last letter may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_text(entry: Entry) -> bool:
    return entry.suffix in _SUFFIXES or _NUMBERED.fullmatch(entry.suffix) is not None


def _common(texts: Sequence[Entry]) -> int:
    """How many folders all files share."""
    first = texts[0].parts[:-1]
    return next(
        (
            level
            for level in range(len(first))
            if any(len(one.parts) <= level + 1 or one.parts[level] != first[level] for one in texts)
        ),
        len(first),
    )


def _split_level(texts: Sequence[Entry], root: int) -> int | None:
    """The level at which all folders are parts of the dataset, such as train/ and test/."""
    deepest = max(len(one.parts) for one in texts) - 1
    for level in range(root, deepest):
        names = {one.parts[level] for one in texts if len(one.parts) > level + 1}
        others = {(one.parts[:level], one.parts[level + 1 : -1]) for one in texts}
        if len(names) > 1 and all(split_named(name) for name in names) and len(others) > 1:
            return level
    return None


def _document(entry: Entry, root: int, splits_at: int | None) -> _Document:
    folders = list(entry.parts[root:-1])
    split = ""
    if splits_at is not None and len(folders) > splits_at - root:
        split = split_named(folders.pop(splits_at - root))
    return _Document(entry, "/".join(folders), split)


def _by_folder(found: Sequence[_Document], notes: Notes) -> list[_Document]:
    outside = [one for one in found if not one.label]
    for one in outside:
        notes.skip(one.entry.where, "Left out: it is not in a folder of a class.")
    unknown = [one for one in found if one.label.casefold() in _UNLABELLED]
    if unknown:
        notes.skip(
            f"{unknown[0].label}/",
            f"Left out: {len(unknown):,} files in this folder have no label, as its name says.",
            len(unknown),
        )
    kept = [one for one in found if one.label and one.label.casefold() not in _UNLABELLED]
    splits = sorted({one.split for one in kept if one.split})
    parts = f" The parts {listed(splits)} were kept." if len(splits) > 1 else ""
    labels: Mapping[str, int] = Counter(one.label for one in kept)
    notes.repair(
        "Files",
        f"Each file is a text, its folder the label ({listed(sorted(labels))}).{parts}",
        undo={"split_column": NOTHING} if parts else None,
    )
    return kept


def _is_table(head: bytes) -> bool:
    lines = [line for line in head.split(b"\n")[:20] if line.strip()]
    widths: defaultdict[bytes, set[int]] = defaultdict(set)
    for delimiter in _DELIMITERS:
        widths[delimiter] = {line.count(delimiter) for line in lines}
    return len(lines) > 1 and any(len(counts) == 1 and 0 not in counts for counts in widths.values())
