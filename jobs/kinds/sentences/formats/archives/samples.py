"""Samples in files of their own that share a name: shards of webdataset, or one JSON file for each record."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from jobs.kinds.sentences.formats.annotations.registry import find_annotation
from jobs.kinds.sentences.formats.cells import Columns
from jobs.kinds.sentences.formats.contract import Meaning, Reader, Source
from jobs.kinds.sentences.formats.splits import split_named
from jobs.uploads.archive import Archive, Entry

_TEXTS = {".txt": "text", ".text": "text"}
_LABELS = {".cls": "class", ".label": "class", ".lbl": "class"}
_MOST_BYTES = 4 * 1024 * 1024
_NAMING = 200
_LEAST = 20
Sample = list[Entry]


def find_samples(archive: Archive, files: Sequence[Entry], source: Source) -> Reader | None:
    """The reader of such files; None if they are something else."""
    known = [entry for entry in files if entry.suffix in {*_TEXTS, *_LABELS, ".json"}]
    groups: defaultdict[str, Sample] = defaultdict(list)
    for entry in known:
        groups[entry.where[: -len(entry.suffix)]].append(entry)
    samples = list(groups.values())
    if len(samples) < 2 or len(known) * 2 < len(files):
        return None
    paired = sum(any(one.suffix in _TEXTS for one in group) and len(group) > 1 for group in samples)
    alone = sum(len(group) == 1 and group[0].suffix == ".json" for group in samples)
    if paired * 2 > len(samples):
        source.notes.repair("Files", "Files of the same name were put together, one row for each name.")
    elif len(samples) >= _LEAST and alone == len(samples) and _is_record(archive, samples):
        source.notes.repair("Files", f"Each of the {len(samples):,} JSON files was read as a row.")
    else:
        return None
    return Samples(archive, samples, source)


class Samples:
    """A row for each sample: the text, the class, and what its JSON holds."""

    delimiter: str | None = None
    encoding = "utf-8"

    def __init__(self, archive: Archive, samples: Sequence[Sample], source: Source) -> None:
        self._archive = archive
        self._samples = samples
        self._source = source
        self._told = 0
        parts = {_split(sample) for sample in samples}
        self._split = "split" if len(parts) > 1 else ""
        first = [item for _, item in zip(range(_NAMING), self._items(), strict=False)]
        records = [item for _, item in first]
        self._rows = find_annotation(records, source) if not self._split else None
        self._columns = Columns(records, source.limits.max_columns)
        self.columns: list[str] | None = self._rows.columns if self._rows else self._columns.names
        self.meaning = self._rows.meaning if self._rows else self._meaning()
        self.unit = "Sample"

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the sample, its cells)."""
        if self._rows:
            yield from self._rows.records(self._items())
            return
        for number, item in self._items():
            yield number, self._columns.cells(item)

    def _meaning(self) -> Meaning:
        names = self.columns or []
        return Meaning(
            inputs=("text",) if "text" in names else (),
            label="class" if "class" in names else "",
            split=self._split,
        )

    def _items(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, sample in enumerate(self._samples, start=1):
            item: dict[str, Any] = {}
            for entry in sample:
                if entry.size > _MOST_BYTES:
                    self._skip(number, entry, "the file is far too large for one sample")
                    continue
                data = self._archive.read(entry).decode("utf-8-sig", "replace")
                if entry.suffix == ".json":
                    item = {**item, **self._decoded(number, entry, data)}
                else:
                    item[_TEXTS.get(entry.suffix) or _LABELS[entry.suffix]] = data.strip()
            if self._split:
                item[self._split] = _split(sample)
            yield number, item

    def _decoded(self, number: int, entry: Entry, data: str) -> dict[str, Any]:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            self._skip(number, entry, "it is not valid JSON")
            return {}
        return value if isinstance(value, dict) else {"text": value}

    def _skip(self, number: int, entry: Entry, reason: str) -> None:
        if number > self._told:
            self._told = number
            self._source.notes.warn(entry.where, f"Not read: {reason}.")


def _is_record(archive: Archive, samples: Sequence[Sample]) -> bool:
    """Whether the first JSON files are single small objects."""
    for sample in samples[:3]:
        if sample[0].size > _MOST_BYTES:
            return False
        try:
            value = json.loads(archive.read(sample[0]))
        except (ValueError, RecursionError):
            return False
        if not isinstance(value, dict) or any(
            isinstance(inner, list) and len(inner) > 1 for inner in value.values()
        ):
            return False
    return True


def _split(sample: Sample) -> str:
    return next((found for part in reversed(sample[0].parts[:-1]) if (found := split_named(part))), "")
