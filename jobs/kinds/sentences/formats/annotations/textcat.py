"""spaCy: records of a text and `cats`, a number from 0 to 1 for each class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import PLAIN, Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly

_TRUE = 0.5


def find_textcat(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    if mostly(sample, lambda item: _parts(item) is not None):
        return _Cats()
    if mostly(sample, lambda item: any(_parts(one) for one in _paragraphs(item))):
        return _Cats(unit="Example")
    return None


@dataclass(frozen=True, slots=True)
class _Cats:
    said: str = 'This is training data of spaCy: the class that is true in "cats" is the label.'
    unit: str = "Item"
    names: Names = PLAIN

    def examples(self, item: Any) -> Iterable[Example]:
        for one in _paragraphs(item) or [item]:
            parts = _parts(one)
            if parts is None:
                yield Example(text=None, reason='it has no "cats"')
                continue
            text, cats = parts
            labels = [
                name for name, value in cats.items() if isinstance(value, (int, float)) and value >= _TRUE
            ]
            yield Example(text=text, labels=labels, reason="" if labels else 'no class in "cats" is true')


def _paragraphs(item: Any) -> list[Any]:
    """Those of a document as spaCy 2 wrote it."""
    found = item.get("paragraphs") if isinstance(item, dict) else None
    return found if isinstance(found, list) else []


def _parts(item: Any) -> tuple[Any, Mapping[str, Any]] | None:
    if isinstance(item, dict) and ("text" in item or "raw" in item):
        cats = item.get("cats")
        if isinstance(cats, list) and all(isinstance(one, dict) and "label" in one for one in cats):
            cats = {str(one["label"]): one.get("value") for one in cats}
        return (item.get("text", item.get("raw")), cats) if isinstance(cats, dict) else None
    if isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[1], dict):
        cats = item[1].get("cats")
        return (item[0], cats) if isinstance(cats, dict) else None
    return None
