"""doccano: records with a list of labels, of which one counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example, Names
from jobs.kinds.sentences.formats.annotations.fields import mostly, refuse_spans, texts_of
from jobs.kinds.sentences.formats.cells import names_in

_LABELS = ("label", "labels")
_SPANS = ("entities", "label", "labels", "spans", "sequence_labels")
_SPAN = 3


def find_doccano(sample: Sequence[Any], labelled: bool) -> Annotation | None:
    """See `Recogniser`."""
    for key in _LABELS:
        if not mostly(sample, partial(_has_list, key)):
            continue
        items = [item for item in sample if isinstance(item, dict)]
        fields = texts_of(items)
        if not fields:
            return None
        if any(_is_span(one) for item in items for name in _SPANS for one in _listed(item.get(name))):
            if labelled:
                raise refuse_spans("file")
            return None
        text = fields[0]
        more = tuple(dict.fromkeys(name for item in items for name in item if name not in (text, key)))
        return _Labels(Names(text=text, label=key, more=more))
    return None


@dataclass(frozen=True, slots=True)
class _Labels:
    names: Names
    unit: str = "Line"

    @property
    def said(self) -> str:
        name = self.names.label
        return f'"{name}" holds a list of labels (doccano writes such files); lists of one were read as that label.'

    def examples(self, item: Any) -> Iterable[Example]:
        if isinstance(item, dict):
            labels = item.get(self.names.label)
            labels = names_in(labels) if isinstance(labels, list) else [labels]
            yield Example(text=item.get(self.names.text), labels=labels, more=item)
        else:
            yield Example(text=None, reason="it is not an object")


def _has_list(key: str, item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get(key), list)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_span(value: Any) -> bool:
    if isinstance(value, dict):
        return "start_offset" in value or ("start" in value and "end" in value)
    return (
        isinstance(value, list)
        and len(value) == _SPAN
        and type(value[0]) is int
        and type(value[1]) is int
        and isinstance(value[2], str)
    )
