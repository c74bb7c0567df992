"""Recognises pictures with several labels each, each of which is learnt where somebody says so."""

from collections import Counter
from collections.abc import Mapping, Sequence

from jobs.kinds.pictures.layouts.table_files import Cell
from jobs.uploads.errors import UploadRefused, listed, shown
from training.targets.many_labels import BETWEEN, NONE

_SEPARATORS = ("|", ";", ",", " ")
_MANY = 0.02


def separator_of(values: Mapping[Cell, int]) -> str | None:
    """The mark between several labels in one cell, None where each cell holds one label."""
    texts = {value: count for value, count in values.items() if isinstance(value, str)}
    total = sum(texts.values())
    for mark in _SEPARATORS:
        parts = {text: [part for part in map(str.strip, text.split(mark)) if part] for text in texts}
        several = {text for text, found in parts.items() if len(found) > 1}
        if not several or sum(texts[text] for text in several) < _MANY * total:
            continue
        used = Counter(part for found in parts.values() for part in found)
        again = sum(1 for text in several if all(used[part] > 1 for part in parts[text]))
        # Spaces and commas are part of many a name: only where there are more sets of labels than labels.
        if again >= 0.8 * len(several) and (mark in "|;" or len(texts) > len(used)):
            return mark
    return None


def as_set(labels: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The labels of a picture, perhaps none, in words and one by one."""
    plain = tuple(dict.fromkeys(label.replace("|", "/").strip() for label in labels if label.strip()))
    return said(plain), plain


def said(labels: Sequence[str]) -> str:
    """Labels of a picture as people read them."""
    return BETWEEN.join(labels) or NONE


def refuse_several(
    where: str, example: str, labels: list[str], *, count: int, column: str = ""
) -> UploadRefused:
    """The refusal of a zip whose pictures have several labels each; `example` is a picture of it."""
    inside = f'column "{shown(column, 40)}" of ' if column else ""
    return UploadRefused(
        f'{count:,} pictures have several labels each ({inside}{shown(where)}): "{shown(example)}" is '
        f"{listed(labels)}. "
        "To learn each label, choose so (several_labels=each), or leave these out (several_labels=keep_single).",
        status=422,
        code="several_labels",
        fields={"several_labels": ["Choose each or keep_single, or another label_column."]},
    )
