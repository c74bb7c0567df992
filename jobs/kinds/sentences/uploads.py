"""Uploads of sentences, see `jobs.uploads.contract`."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.kinds.sentences.findings import TableFindings
from jobs.kinds.sentences.options import AS_IS, OPTIONS, TableOptions
from jobs.kinds.sentences.stored import CONTENT, preview, stored_columns, stored_samples, write_samples
from jobs.kinds.sentences.table import inspect_table, write_table
from jobs.kinds.sentences.training_csv import COLUMNS
from training.ground.limits import Limits

__all__ = [
    "CONTENT",
    "LIBRARIES",
    "MERGED",
    "OPTIONS",
    "READ_AGAIN",
    "check_options",
    "inspect",
    "merge",
    "preview",
    "stored_columns",
    "stored_samples",
    "unpack",
    "write_samples",
]

READ_AGAIN = True
LIBRARIES = ("numpy", "charset_normalizer")
# Labels were understood before, so they are taken as they are.
MERGED = {
    "input_column": "input",
    "label_column": "label",
    "group_column": "group",
    "has_header": True,
    "several_labels": AS_IS,
    "missing": "keep",
}


def check_options(options: Mapping[str, Any]) -> None:
    """See the contract."""
    TableOptions.from_json(options)


def inspect(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> TableFindings:
    """See the contract; `options` are those of `TableOptions`."""
    return inspect_table(path, name, limits, options=TableOptions.from_json(options))


def unpack(path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any]) -> None:
    """data.csv with the columns input and label."""
    data.mkdir(parents=True, exist_ok=True)
    write_table(path, name, data / "data.csv", limits, TableOptions.from_json(options))


def merge(parts: Sequence[Path], folder: Path) -> Path:
    """A table of the rows of all parts, with their given parts and sources."""
    target = folder / "merged.csv"
    seen: set[tuple[str, str]] = set()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for part in parts:
            rows = list(_rows(part / "data.csv"))
            writer.writerows(row for row in rows if row[:2] not in seen)
            seen.update(row[:2] for row in rows)
    return target


def _rows(path: Path) -> Iterator[tuple[str, str, str, str]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["input"], row["label"], row.get("split", ""), row.get("group", "")
