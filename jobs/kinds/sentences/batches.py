"""Batches of sentences, see `jobs.batches.child.contract`: a table or a text file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.batches.child.items import Labelled, Source
from jobs.batches.child.order import Order
from jobs.kinds.sentences.items import Sentences
from training.ground.limits import Limits

AT_ONCE = 256


def look(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> tuple[str, int | None]:
    """See the contract; the rows are counted."""
    learnt = options.get("learnt_columns", ())
    return "sentences", Sentences(path, name, limits, options.get("input_column"), learnt).total


def open_source(order: Order, folder: Path) -> Source:
    """See the contract."""
    return Sentences(Path(order.upload), order.name, order.limits, order.input_column, order.learnt_columns)


def open_labelled(order: Order, data: Path) -> Labelled:
    """See the contract."""
    # Here, because it needs numpy: the web starts without.
    from jobs.kinds.sentences.labelled import LabelledSentences

    return LabelledSentences(order, data)
