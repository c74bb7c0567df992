"""Names of classes that stand in a file of their own, beside labels that are numbers."""

from collections.abc import Mapping, Sequence

from jobs.kinds.pictures.layouts.contract import Contents

_NAME_FILES = {
    "classes.txt", "labels.txt", "class_names.txt", "classnames.txt", "names.txt", "label_names.txt",
    "obj.names", "categories.txt", "predefined_classes.txt", "class_list.txt", "_darknet.labels",
    "synsets.txt", "label_map.txt", "labelmap.txt", "class_labels.txt",
}  # fmt: skip
_MOST = 200_000


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
