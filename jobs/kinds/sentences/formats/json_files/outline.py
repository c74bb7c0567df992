"""What lies where in one large JSON object, found in one pass in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from jobs.kinds.sentences.formats.json_files.walk import Walker

Path = tuple[str, ...]
_SAMPLE = 20
_MOST_MEMBERS = 1_000
_DEEPEST = 5
_LISTS = ("label_names", "class_names", "label_list", "target_names", "classes", "labels", "categories")


@dataclass(slots=True)
class Node:
    """A value: how many members or elements it has, some of the elements, the first of the members."""

    kind: Literal["object", "array", "value"]
    count: int = 0
    sample: list[Any] = field(default_factory=list)
    members: dict[str, "Node"] = field(default_factory=dict)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        """This node and all below it, with their paths."""
        yield path, self
        for name, node in self.members.items():
            yield from node.walk((*path, name))

    @property
    def text_like(self) -> bool:
        """Whether its elements hold words, as sentences do."""
        return any(_has_words(value) for value in self.sample)


def outline(walker: Walker, depth: int = 0) -> Node:
    """The outline of the value that comes next."""
    opening = walker.peek()
    if opening == "[":
        return _array(walker)
    if opening == "{" and depth < _DEEPEST:
        node = Node("object")
        for key in walker.members():
            node.count += 1
            if node.count <= _MOST_MEMBERS:
                node.members[key] = outline(walker, depth + 1)
            else:
                walker.skip()
        return node
    if opening == "{":
        walker.skip()
        return Node("object")
    return Node("value", sample=[walker.value()])


def names_of_classes(root: Node) -> dict[str, list[str]]:
    """Names of classes that an object holds beside its rows, by column; under "" those of a list."""
    found: dict[str, list[str]] = {}
    for key in _LISTS:
        node = root.members.get(key)
        names = node.sample if node and node.kind == "array" and 1 < node.count == len(node.sample) else []
        if names and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            found.setdefault("", names)
    features = root.members.get("features")
    for feature in features.sample if features and features.kind == "array" else ():
        kind = feature.get("type") if isinstance(feature, dict) else None
        given = kind.get("names") if isinstance(kind, dict) else None
        if isinstance(given, list) and all(isinstance(name, str) for name in given):
            found[str(feature.get("name"))] = given
    return found


def _array(walker: Walker) -> Node:
    node = Node("array")
    for _ in walker.elements():
        node.count += 1
        if node.count <= _SAMPLE:
            node.sample.append(walker.value())
        else:
            walker.skip()
    return node


def _has_words(value: Any, depth: int = 0) -> bool:
    if isinstance(value, str):
        return " " in value.strip() or not value.isascii()
    if depth < _DEEPEST and isinstance(value, dict):
        return any(_has_words(inner, depth + 1) for inner in value.values())
    if depth < _DEEPEST and isinstance(value, list):
        return any(_has_words(inner, depth + 1) for inner in value[:_SAMPLE])
    return False
