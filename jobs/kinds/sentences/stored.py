"""Sentences as they are kept in versions, see `jobs.uploads.samples.sample.KeepsSamples`."""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from jobs.kinds.sentences.training_csv import MANY, TrainingCsv
from jobs.kinds.sentences.usable import UsableRows
from jobs.uploads.samples.sample import Sample

CONTENT = "text"
_TABLE = "data.csv"
_FIELD_CHARS = 2**31 - 1
_AT_ONCE = 1_024
_SHOWN = 300


def stored_columns(data: Path) -> list[str]:
    """The header of data.csv."""
    with (data / _TABLE).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def stored_samples(data: Path) -> Iterator[Sample]:
    """The rows of data.csv; the text is the content."""
    csv.field_size_limit(_FIELD_CHARS)
    with (data / _TABLE).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        places = {name: at for at, name in enumerate(next(rows))}
        text, label = places["input"], places.get(MANY, places.get("label", 1))
        split, group = places.get("split"), places.get("group")
        for row in rows:
            yield Sample(
                row[text].encode("utf-8", "surrogatepass"),
                row[label],
                split="" if split is None else row[split],
                group="" if group is None else row[group],
            )


def write_samples(samples: Iterator[Sample], columns: Sequence[str], data: Path) -> None:
    """data.csv with these columns, as `unpack` writes it."""
    data.mkdir(parents=True, exist_ok=True)
    has_split, has_group = "split" in columns, "group" in columns
    with (data / _TABLE).open("w", encoding="utf-8", newline="") as file:
        target = TrainingCsv(file, has_split=has_split, has_group=has_group)
        target.start_again(many=MANY in columns)
        while some := list(islice(samples, _AT_ONCE)):
            target.write(
                UsableRows(
                    (),
                    [sample.content.decode("utf-8", "surrogatepass") for sample in some],
                    [sample.label for sample in some],
                    [sample.split for sample in some] if has_split else None,
                    [sample.group for sample in some] if has_group else None,
                )
            )


def preview(content: bytes) -> dict[str, Any]:
    """The beginning of a text."""
    return {"text": content.decode("utf-8", "replace")[:_SHOWN]}
