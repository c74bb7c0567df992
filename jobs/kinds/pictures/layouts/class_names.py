"""Names of classes that stand in a file of their own, beside labels that are numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.kinds.pictures.layouts.contract import Contents

_NAME_FILES = {
    "classes.txt", "labels.txt", "class_names.txt", "classnames.txt", "names.txt", "label_names.txt",
    "obj.names", "categories.txt", "predefined_classes.txt", "class_list.txt", "_darknet.labels",
    "synsets.txt", "label_map.txt", "labelmap.txt", "class_labels.txt",
}  # fmt: skip
_CODE_FILES = _NAME_FILES | {
    "loc_synset_mapping.txt", "synset_words.txt", "words.txt", "synset_mapping.txt", "wnid_to_name.txt",
    "map_clsloc.txt", "mapping.txt", "class_mapping.txt",
}  # fmt: skip
_MOST = 200_000
_MOST_CODES = 10_000_000  # the words of ImageNet are two and a half


def named_codes(values: Sequence[str], names: Sequence[str] | None, contents: Contents) -> Mapping[str, str]:
    """What each number among the labels means: by `names`, or by a file of names or codes in the zip; else nothing."""
    codes = {value: _code(value) for value in values}
    if not codes or None in codes.values():
        return {}
    numbers = {value: code for value, code in codes.items() if code is not None}
    if names is not None:
        return {value: names[code] for value, code in numbers.items() if 0 <= code < len(names)}
    for table in _code_tables(contents):
        if all(code in table for code in numbers.values()):
            return {value: table[code] for value, code in numbers.items()}
    listed = class_list(contents)
    if listed and all(0 <= code < len(listed) for code in numbers.values()):
        return {value: listed[code] for value, code in numbers.items()}
    if listed and min(numbers.values()) == 1 and max(numbers.values()) == len(listed):
        return {value: listed[code - 1] for value, code in numbers.items()}
    return {}


def names_of_codes(codes: set[str], contents: Contents) -> tuple[str, dict[str, str]] | None:
    """A file and the names that it gives to all of these codes: {"21": "lily"}, or lines such as `n01440764 tench`.

    None where no file names all of them, each by a name of its own.
    """
    for entry in contents.files:
        if entry.size > _MOST_CODES or entry.suffix not in (".json", ".txt"):
            continue
        if entry.suffix == ".json":
            found = _code_names(contents.json(entry))
        elif entry.parts[-1].lower() in _CODE_FILES:
            text = contents.archive.read(entry).decode("utf-8-sig", "replace")
            pairs = (re.split(r"[\s,;:]+", line.strip(), maxsplit=1) for line in text.splitlines())
            found = {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2 and pair[1].strip()}
        else:
            continue
        names = {code: found.get(code) or found.get(code.lstrip("0") or "0", "") for code in sorted(codes)}
        if all(names.values()) and len(set(names.values())) == len(names):
            return entry.where, names
    return None


def _code_names(document: Any) -> dict[str, str]:
    if not isinstance(document, dict):
        return {}
    if document and all(isinstance(value, int) for value in document.values()):
        return {str(value): str(key) for key, value in document.items()}
    if not all(isinstance(value, str) for value in document.values()):
        return {}
    return {str(key): value.strip() for key, value in document.items()}


def class_list(contents: Contents) -> list[str]:
    """The lines of a file such as classes.txt; empty where there is none."""
    for entry in contents.files:
        if entry.parts[-1].lower() in _NAME_FILES and entry.size < _MOST:
            text = contents.archive.read(entry).decode("utf-8-sig", "replace")
            return [line.strip() for line in text.splitlines() if line.strip()]
    return []


def _code_tables(contents: Contents) -> list[dict[int, str]]:
    """JSON objects such as {"0": "cat"} or {"cat": 0}."""
    tables = []
    for entry in contents.files:
        if entry.suffix != ".json" or entry.size > _MOST:
            continue
        document = contents.json(entry)
        if not isinstance(document, dict) or not document:
            continue
        if all(isinstance(value, int) for value in document.values()):
            document = {value: key for key, value in document.items()}
        table = {
            code: value
            for key, value in document.items()
            if isinstance(value, str) and (code := _code(str(key))) is not None
        }
        if len(table) == len(document):
            tables.append(table)
    return tables


def _code(value: str) -> int | None:
    whole = value.removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 9 else None
