"""Uploads of sentences, see `jobs.uploads.contract`."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.kinds.sentences.findings import TableFindings
from jobs.kinds.sentences.options import OPTIONS, TableOptions
from jobs.kinds.sentences.table import inspect_table, write_table
from training.ground.limits import Limits

__all__ = ["LIBRARIES", "OPTIONS", "READ_AGAIN", "inspect", "merge", "unpack"]

READ_AGAIN = True
LIBRARIES = ("numpy", "charset_normalizer")


def inspect(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> TableFindings:
    """See the contract; `options` are those of `TableOptions`."""
    return inspect_table(path, name, limits, options=TableOptions.from_json(options))


def unpack(path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any]) -> None:
    """data.csv with the columns input and label."""
    data.mkdir(parents=True, exist_ok=True)
    write_table(path, name, data / "data.csv", limits, TableOptions.from_json(options))


def merge(parts: Sequence[Path], folder: Path) -> Path:
    """A table of the rows of all parts."""
    target = folder / "merged.csv"
    seen: set[tuple[str, str]] = set()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("input", "label"))
        for part in parts:
            rows = list(_rows(part / "data.csv"))
            writer.writerows(row for row in rows if row not in seen)
            seen.update(rows)
    return target


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["input"], row["label"]
