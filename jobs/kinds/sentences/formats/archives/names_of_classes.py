"""Names of classes that lie beside a table: in the card of a dataset or in a list such as classes.txt."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from jobs.kinds.sentences.formats.arrow_tables import class_names
from jobs.kinds.sentences.formats.contract import Cells, Reader, Source
from jobs.kinds.sentences.options import AS_WRITTEN
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import listed, shown
from jobs.uploads.findings import Notes

_MOST_BYTES = 1024 * 1024
_INFOS = ("dataset_infos.json", "dataset_info.json")
_LISTS = {"classes.txt", "labels.txt", "label_names.txt", "class_names.txt", "classes.names", "mapping.txt"}
_SAMPLE = 2_000
_LIST = ""


def find_names(archive: Archive, files: Sequence[Entry]) -> dict[str, list[str]]:
    """Names of classes by column; under "" those of a list that names no column."""
    found: dict[str, list[str]] = {}
    for entry in files:
        name = entry.parts[-1].casefold()
        if entry.size > _MOST_BYTES:
            continue
        if name in _INFOS:
            found = {**_of_infos(archive.read(entry)), **found}
        elif name == "readme.md":
            found = {**_of_card(archive.read(entry)), **found}
        elif name in _LISTS:
            lines = archive.read(entry).decode("utf-8-sig", "replace").splitlines()
            names = _in_order([line.strip() for line in lines if line.strip()])
            if len(set(names)) == len(names) > 1:
                found.setdefault(_LIST, names)
    return found


def _in_order(lines: list[str]) -> list[str]:
    """The names alone, where each stands behind its number: 0, 1, 2, ..."""
    parts = [re.split(r"[\t,:= ]+", line, maxsplit=1) for line in lines]
    if all(len(part) == 2 and part[0] == str(number) for number, part in enumerate(parts)):
        return [name.strip() for _, name in parts]
    return lines


def with_names(
    reader: Reader,
    names: Mapping[str, Sequence[str]],
    source: Source,
    *,
    where: str = "in another file of the zip",
) -> Reader:
    """The reader with names for codes where its columns hold some, unless labels are wanted as they are written."""
    if not names or source.options.spellings == AS_WRITTEN:
        return reader
    return Named(reader, names, source.notes, where)


class Named:
    """Another reader's rows, with the names of classes in place of their codes."""

    def __init__(self, reader: Reader, names: Mapping[str, Sequence[str]], notes: Notes, where: str) -> None:
        self._reader = reader
        self.columns, self.meaning, self.unit = reader.columns, reader.meaning, reader.unit
        self.encoding, self.delimiter = reader.encoding, reader.delimiter
        rows = [cells for _, cells in itertools.islice(reader.records(), _SAMPLE)]
        header = reader.columns or (rows[0] if rows else [])
        self._columns = [column or "" for column in header]
        self._maps: dict[int, dict[str, str]] = {}
        for index, column in enumerate(header):
            values = {row[index] or "" for row in rows if index < len(row)} - {""}
            if reader.columns is None:
                values -= {column or ""} - set(map(str, range(_SAMPLE)))
            if len(values) > 1 and values <= set(names.get(_LIST, ())):
                self._maps = {}  # the labels are names already
                break
            given = names.get(column or "") or names.get(_LIST)
            if given and (codes := _codes(values, given)):
                self._maps[index] = codes
        if len(self._maps) > 1 and _LIST in names:
            self._maps = {}
        for index, codes in self._maps.items():
            column = self._columns[index]
            if column in codes:  # there is no header
                column = f"column {index + 1}"
            if not self.meaning.label and len(self._maps) == 1:
                self.meaning = replace(self.meaning, label=column)
            found = [name for name in codes.values() if name]
            notes.repair(
                "Labels",
                f'The codes of "{shown(column, 40)}" are named {where}: {listed(found)}.',
                undo={"spellings": AS_WRITTEN},
            )

    def records(self) -> Iterator[tuple[int, Cells]]:
        """(number, cells) of each row."""
        if not self._maps:
            yield from self._reader.records()
            return
        for number, cells in self._reader.records():
            named = list(cells)
            for index, codes in self._maps.items():
                if index < len(named):
                    named[index] = codes.get(named[index] or "", named[index])
            yield number, named


def _codes(values: set[str], names: Sequence[str]) -> dict[str, str]:
    """Names by code, counted from 0 or from 1; empty where the values are others."""
    for first in (0, 1):
        codes = {str(number): name for number, name in enumerate(names, start=first)}
        if len(values) > 1 and values <= codes.keys() | {"-1"} and (first == 0 or str(len(names)) in values):
            return {**codes, "-1": ""}
    return {}


def _of_infos(data: bytes) -> dict[str, list[str]]:
    try:
        infos = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return _of_features(infos)


def _of_features(infos: Any) -> dict[str, list[str]]:
    if not isinstance(infos, dict):
        return {}
    if isinstance(infos.get("features"), dict):
        return class_names(infos["features"])
    found: dict[str, list[str]] = {}
    for config in infos.values():
        if isinstance(config, dict):
            found = {**class_names(config.get("features")), **found}
    return found


def _of_card(data: bytes) -> dict[str, list[str]]:
    """The front matter of a card: dataset_info with features, each a name and a class_label with names."""
    text = data.decode("utf-8-sig", "replace")
    if not text.startswith("---"):
        return {}
    try:
        card = yaml.safe_load(text[3:].split("\n---", 1)[0])
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    infos = card.get("dataset_info") if isinstance(card, dict) else None
    found: dict[str, list[str]] = {}
    for info in infos if isinstance(infos, list) else [infos]:
        features = info.get("features") if isinstance(info, dict) else None
        for feature in features if isinstance(features, list) else []:
            dtype = feature.get("dtype") if isinstance(feature, dict) else None
            label = dtype.get("class_label") if isinstance(dtype, dict) else None
            names = label.get("names") if isinstance(label, dict) else None
            if isinstance(names, dict):
                names = [
                    names[key]
                    for key in sorted(names, key=lambda key: int(str(key)) if str(key).isdecimal() else 0)
                ]
            if isinstance(names, list) and names:
                found.setdefault(str(feature.get("name")), [str(name) for name in names])
    return found
