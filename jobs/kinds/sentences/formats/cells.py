"""Values of structured files (JSON, Parquet, Arrow) as cells of text, and their fields as columns."""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from jobs.kinds.sentences.columns.names import label_rank, label_word_rank
from jobs.kinds.sentences.formats.json_files.walk import NAN

_DEEPEST = 4
_SEVERAL_SHARE = 0.5
# What databases and interfaces put around the fields of a record.
_WRAPPERS = {"_source", "properties", "attributes", "row", "node", "fields", "record", "doc", "item"}
# What a label is called that is an object of its own, with an id and a colour.
_NAMES = ("name", "label", "title", "displayName", "display_name", "value", "tag", "category")
Path = tuple[str, ...]


def as_text(value: Any) -> str | None:
    """A value as the text of a cell: "" for what is missing, a list of one as its value, None for no single value."""
    if isinstance(value, str):
        text = value.replace("\x00", "")
        # JSON can spell halves of characters, which no file can hold.
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    if value is None or value is NAN:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else ""
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return ("" if not value else as_text(value[0])) if len(value) < 2 else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, (Mapping, set)) else str(value)


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return ""
    return format(value.quantize(Decimal(1)) if value == value.to_integral_value() else value, "f")


def several(value: Any) -> str | None:
    """A list of several plain values as JSON, so that several labels can be told from one; None for all else."""
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    texts = [as_text(one) for one in value if not isinstance(one, (list, tuple))]
    if len(texts) < len(value) or None in texts:
        return None
    return json.dumps(texts, ensure_ascii=False)


def names_in(value: Any) -> Any:
    """The names of labels that are objects, such as {"id": 7, "name": "bug", "color": "red"}; else the value itself."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, Mapping) for one in value):
        return value
    key = next((name for name in _NAMES if all(isinstance(one.get(name), str) for one in value)), None)
    return value if key is None else [one[key] for one in value]


class Columns:
    """The fields of records as columns, nested ones with dotted names; `sample` are some of the records.

    Records are objects, or lists of cells; these get names as in a table without a header, or `names`.
    """

    def __init__(self, sample: Iterable[Any], most: int, names: Sequence[str] | None = None) -> None:
        sample = list(sample)
        paths: dict[Path, None] = {}
        width = 0
        for item in sample:
            if isinstance(item, Mapping):
                for path in _leaves(item):
                    paths[path] = None
            elif isinstance(item, (list, tuple)):
                width = max(width, len(item))
            if len(paths) > most:
                break
        self._paths = list(paths)
        self.names = _names(self._paths)
        if not self.names:
            self.names = (
                (list(names) if names else []) or [f"column {i}" for i in range(1, width + 1)] or ["text"]
            )
        self._objects = [i for i, path in enumerate(self._paths) if _is_label(path[-1])]
        self._labels = self._label_lists(sample)

    def cells(self, item: Any) -> list[str | None]:
        """The cells of a record."""
        if isinstance(item, Mapping):
            values = [item.get(path[0]) if len(path) == 1 else _value_at(item, path) for path in self._paths]
        else:
            values = list(item) if isinstance(item, (list, tuple)) else [item]
        for index in self._objects:
            if index < len(values):
                values[index] = names_in(values[index])
        cells = [value if type(value) is str and value.isprintable() else as_text(value) for value in values]
        if self._labels and None in cells:
            for index in self._labels:
                if index < len(cells) and cells[index] is None:
                    cells[index] = several(values[index])
        return cells

    def _label_lists(self, sample: Sequence[Any]) -> Collection[int]:
        """The columns whose lists look like labels: few values that come again, not words of a text."""
        found = []
        for index, path in enumerate(self._paths):
            tally: Counter[str] = Counter()
            others = 0
            for item in sample:
                value = _value_at(item, path) if isinstance(item, Mapping) else None
                value = names_in(value) if index in self._objects else value
                if isinstance(value, (list, tuple)) and (len(value) < 2 or several(value)):
                    tally.update(as_text(one) or "" for one in value)
                elif value is not None:
                    others += 1
            if tally.total() > others and len(tally) <= max(2, _SEVERAL_SHARE * tally.total()):
                found.append(index)
        return found


def _names(paths: Sequence[Path]) -> list[str]:
    """Dotted names; a wrapper that says nothing of its own is left out, where the rest is still unique."""
    names = [".".join(path) for path in paths]
    bare = [".".join(path[1:] if len(path) > 1 and path[0] in _WRAPPERS else path) for path in paths]
    return bare if len(set(bare)) == len(bare) else names


def _is_label(key: str) -> bool:
    return label_rank(key) is not None or label_word_rank(key) is not None


def _leaves(item: Mapping[str, Any], depth: int = 1) -> Iterable[Path]:
    for key, value in item.items():
        inner = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(value, list) and _is_label(str(key)) and names_in(value) is not value:
            yield (str(key),)
        elif isinstance(inner, Mapping) and inner and depth < _DEEPEST:
            for rest in _leaves(inner, depth + 1):
                yield (str(key), *rest)
        else:
            yield (str(key),)


def _value_at(item: Any, path: Path) -> Any:
    for key in path:
        if isinstance(item, list) and len(item) == 1:
            item = item[0]
        if not isinstance(item, Mapping):
            return None
        item = item.get(key)
    return item
