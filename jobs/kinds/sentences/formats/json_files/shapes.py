"""Where the records are in one JSON object: in a list of it, by their ids, by columns, by classes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TextIO

from jobs.kinds.sentences.columns.names import input_rank, is_known, label_rank
from jobs.kinds.sentences.formats.annotations.utterances import plain_text
from jobs.kinds.sentences.formats.json_files.outline import Node, Path, names_of_classes, outline
from jobs.kinds.sentences.formats.json_files.walk import Invalid, Walker
from jobs.kinds.sentences.formats.splits import split_named
from jobs.kinds.sentences.wrong_kind import refuse_objects
from jobs.uploads.errors import listed, shown

_MOST_COLUMNS = 64
_MOST_TEXTS = 10
_BOARD = {"cards", "lists", "actions", "labels"}
SPLIT, CLASS, ID = "split", "class", "id"


class Open(Protocol):
    """Opens the text anew, from the start."""

    def __call__(self) -> TextIO: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How records are taken out of an object: `said` tells it; `label`, `split` name fields that the keys became."""

    said: str
    score: tuple[int, ...]
    names: tuple[str, ...] | None = None
    text: str = ""
    label: str = ""
    split: str = ""
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def items(self, open_: Open, most: int) -> Iterator[Any]:
        """The records one by one; raises Invalid and TooLong."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists(Shape):
    """Lists at some paths; their key becomes the field `key` of each record."""

    paths: tuple[Path, ...]
    key: str = ""

    def items(self, open_: Open, most: int) -> Iterator[Any]:
        for path in self.paths:
            with open_() as text:
                walker = Walker(text, most)
                _enter(walker, path)
                for _ in walker.elements():
                    yield self._record(walker.value(), path[-1] if path else "")

    def _record(self, item: Any, key: str) -> Any:
        if not self.key:
            return item
        key = split_named(key) if self.key == SPLIT else key
        if isinstance(item, dict):
            text = None if "text" in item else plain_text(item)
            return {**item, self.key: key} if text is None else {"text": text, self.key: key}
        if isinstance(item, list):
            return [*item, key]
        return {"text": item, self.key: key}


@dataclass(frozen=True, kw_only=True, slots=True)
class Members(Shape):
    """An object of id -> record, or of text -> label."""

    path: Path
    pairs: bool = False

    def items(self, open_: Open, most: int) -> Iterator[Any]:
        with open_() as text:
            walker = Walker(text, most)
            _enter(walker, self.path)
            for key in walker.members():
                value = walker.value()
                if self.pairs:
                    yield {"text": key, "label": value}
                elif isinstance(value, dict):
                    yield value if ID in value else {ID: key, **value}
                else:
                    yield value


@dataclass(frozen=True, kw_only=True, slots=True)
class ByColumns(Shape):
    """An object of columns, each a list or an object of row -> value; all are read side by side."""

    path: Path

    def items(self, open_: Open, most: int) -> Iterator[Any]:
        names = self.names or ()
        texts = [open_() for _ in names]
        try:
            columns = [
                _column(Walker(text, most), (*self.path, name))
                for text, name in zip(texts, names, strict=True)
            ]
            for row in zip(*columns, strict=False):
                keys = {key for key, _ in row}
                if len(keys) > 1:
                    found = listed(sorted(map(str, keys)), 2)
                    raise Invalid(f"has other rows in one column than in another ({found})")
                yield dict(zip(names, (value for _, value in row), strict=True))
        finally:
            for text in texts:
                text.close()


def _column(walker: Walker, path: Path) -> Iterator[tuple[str, Any]]:
    _enter(walker, path)
    if walker.peek() == "[":
        for _ in walker.elements():
            yield "", walker.value()
    else:
        for key in walker.members():
            yield key, walker.value()


def _enter(walker: Walker, path: Path) -> None:
    for name in path:
        for key in walker.members():
            if key == name:
                break
            walker.skip()


def find_shape(walker: Walker) -> Shape | None:
    """The shape under which the most records are found in the object that comes next; None without any.

    Raises UploadRefused (415) where it is known that such an object holds no sentences.
    """
    root = outline(walker)
    refuse_objects(root.members.keys())
    if root.members.keys() >= _BOARD and root.members["cards"].kind == "array":
        said = "This is a board of Trello: each card was read as a row."
        return Lists(said=said, score=(1,), paths=(("cards",),))
    shapes = [shape for path, node in root.walk() for shape in _shapes(path, node) if shape is not None]
    best = max(shapes, key=lambda shape: shape.score, default=None)
    return best and replace(best, codes=names_of_classes(root))


def _shapes(path: Path, node: Node) -> Iterator[Shape | None]:
    if node.kind == "array":
        yield _list(path, node)
    elif node.kind == "object" and node.members:
        columns = _columns(path, node)
        yield _split(path, node) or columns or _records(path, node)
        yield columns or _sibling_lists(path, node)
        yield _pairs(path, node)


def _list(path: Path, node: Node) -> Shape | None:
    if not any(isinstance(item, (dict, list, str)) for item in node.sample):
        return None
    rows = any(isinstance(item, (dict, list)) for item in node.sample)
    if path and all(_is_pieces(item) for item in node.sample):  # one intent of Snips in a file of its own
        said = f'The texts of the class "{shown(path[-1], 40)}" were read from its list.'
        return Lists(
            said=said, score=(1, 1, node.count, 1), paths=(path,), key=CLASS, label=CLASS, text="text"
        )
    where = f' in the list "{shown(".".join(path), 40)}"' if path else ""
    return Lists(
        said=f"The rows were found{where}.", score=(rows, node.text_like, node.count, 0), paths=(path,)
    )


def _is_pieces(item: Any) -> bool:
    """Whether it is nothing but a text cut into pieces."""
    return isinstance(item, dict) and len(item) == 1 and "data" in item and plain_text(item) is not None


def _split(path: Path, node: Node) -> Shape | None:
    """What pandas calls orient="split": names of the columns apart from lists of cells."""
    columns, data = node.members.get("columns"), node.members.get("data")
    if not columns or not data or columns.kind != "array" or data.kind != "array":
        return None
    if not data.sample or not all(isinstance(row, list) and len(row) == columns.count for row in data.sample):
        return None
    names = tuple(str(name) for name in columns.sample)
    if len(names) < columns.count:
        return None
    said = 'The rows were found in the list "data", their names in "columns".'
    return Lists(said=said, score=(1, data.text_like, data.count, 2), paths=((*path, "data"),), names=names)


def _columns(path: Path, node: Node) -> Shape | None:
    nodes = {name: inner for name, inner in node.members.items() if inner.kind != "value"}
    if not 2 <= len(nodes) <= _MOST_COLUMNS or len(nodes) < len(node.members):
        return None
    first = next(iter(nodes.values()))
    if (
        any(inner.kind != first.kind or inner.count != first.count for inner in nodes.values())
        or first.count < 1
    ):
        return None
    if first.kind == "object":
        if not _are_columns(nodes, first):
            return None
        values = [leaf for inner in nodes.values() for leaf in list(inner.members.values())[:20]]
        words = any(leaf.text_like for leaf in values)
    else:
        if not (any(input_rank(n) is not None for n in nodes) or sum(map(is_known, nodes)) > 1):
            return None
        words = any(inner.text_like for inner in nodes.values())
    said = f"The rows were put together from the columns {listed(list(nodes))}."
    return ByColumns(said=said, score=(1, words, first.count, 2), path=path, names=tuple(nodes))


def _are_columns(nodes: dict[str, Node], first: Node) -> bool:
    """Whether an object of objects is column -> row -> value, not row -> column -> value."""
    keys = list(first.members)
    if any(len(keys) > 2 * len(inner.members.keys() & first.members.keys()) for inner in nodes.values()):
        return False
    outer, inner = sum(map(is_known, nodes)), sum(map(is_known, keys))
    if outer != inner:
        return outer > inner
    if all(key.isdecimal() for key in keys) != all(name.isdecimal() for name in nodes):
        return all(key.isdecimal() for key in keys)
    return first.count > len(nodes)


def _records(path: Path, node: Node) -> Shape | None:
    """An object of id -> record."""
    records = [inner for inner in node.members.values() if inner.kind == "object" and inner.members]
    if len(records) < 2 or len(records) < len(node.members):
        return None
    common = set(records[0].members)
    for record in records:
        common &= set(record.members)
    if not common:
        return None
    words = any(
        leaf.text_like for record in records[:20] for _, leaf in record.walk() if leaf.kind != "object"
    )
    said = "Each member of the object was read as a row, its key as the id."
    inside = sum(leaf.count for record in records for _, leaf in record.walk() if leaf.kind == "array")
    return Members(said=said, score=(1, words, max(node.count, inside), 2), path=path)


def _sibling_lists(path: Path, node: Node) -> Shape | None:
    """Lists of the same kind side by side: the parts of a dataset, or the texts of each class."""
    lists = {name: inner for name, inner in node.members.items() if inner.kind == "array" and inner.count}
    parts = {name: inner for name, inner in lists.items() if split_named(name)}
    if len(parts) > 1:
        lists = parts
    if len(lists) < 2 or len(lists) * 2 < len(node.members) or not _alike(list(lists.values())):
        return None
    count = sum(inner.count for inner in lists.values())
    words = any(inner.text_like for inner in lists.values())
    items = [item for inner in lists.values() for item in inner.sample]
    shape = Lists(said="", score=(1, words, count, 1), paths=tuple((*path, name) for name in lists))
    if len({split_named(name) for name in lists}) > 1:
        said = f"The rows of {listed(list(lists))} were joined, and their parts kept."
        if isinstance(items[0], list):
            return replace(shape, said=said, key=SPLIT, split=f"column {len(items[0]) + 1}")
        return replace(shape, said=said, key=SPLIT, split=SPLIT)
    if isinstance(items[0], list) or any(
        label_rank(key) is not None for item in items if isinstance(item, dict) for key in item
    ):
        return replace(shape, said=f"The rows of {listed(list(lists))} were joined.")
    said = f"The texts of each class ({listed(list(lists))}) were read from its list."
    text = "text" if isinstance(items[0], str) else ""
    return replace(shape, said=said, key=CLASS, label=CLASS, text=text)


def _alike(lists: Sequence[Node]) -> bool:
    kinds = {type(item) for inner in lists for item in inner.sample}
    if len(kinds) != 1:
        return False
    kind = kinds.pop()
    if kind is dict:
        keys = [set().union(*inner.sample) for inner in lists]
        return all(len(keys[0] & other) * 2 >= len(keys[0] | other) for other in keys)
    if kind is list:
        return len({len(item) for inner in lists for item in inner.sample}) == 1
    return kind is str and any(inner.text_like for inner in lists)


def _pairs(path: Path, node: Node) -> Shape | None:
    """An object of text -> label."""
    values = [inner.sample[0] for inner in node.members.values() if inner.kind == "value"]
    if len(values) < _MOST_TEXTS or len(values) < len(node.members):
        return None
    if len({str(value) for value in values}) * 2 > len(values) or not any(" " in key for key in node.members):
        return None
    said = "Each key of the object was read as a text, its value as the label."
    return Members(said=said, score=(1, 1, node.count, 0), path=path, pairs=True, text="text", label="label")
