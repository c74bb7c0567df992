"""See jobs.uploads.contract."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.uploads.class_counts import checked_classes
from jobs.uploads.findings import Findings, Notes
from tests.whole.numbers_kind import KIND
from tests.whole.numbers_kind.table import pair_of, rows_of
from training.ground.limits import Limits

READ_AGAIN = False
OPTIONS = ()
MERGED: dict[str, Any] = {}
LIBRARIES = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberFindings(Findings):
    pairs: list[tuple[float, float, str]]

    def to_json(self) -> dict[str, Any]:
        return {**Findings.to_json(self), "pairs": self.pairs[:5]}


def inspect(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> NumberFindings:
    notes, pairs = Notes(), _pairs(path)
    for number, cells in rows_of(path):
        if pair_of(cells) is None:
            notes.skip(f"Row {number}", "There are no two numbers in it, so it was left out.")
    counts = Counter(label for *_, label in pairs)
    classes = checked_classes(counts, limits, notes, things="pairs", example=KIND.words.right_form)
    return NumberFindings(
        classes=classes,
        sample_count=sum(entry.count for entry in classes),
        repairs=notes.repairs,
        skipped=notes.skipped,
        skipped_count=notes.skipped_count,
        warnings=notes.warnings,
        pairs=pairs,
    )


def unpack(path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any]) -> None:
    data.mkdir(parents=True, exist_ok=True)
    _write(data / "pairs.csv", _pairs(path))


def merge(parts: Sequence[Path], folder: Path) -> Path:
    target = folder / "merged.numbers"
    rows = [row for part in parts for row in csv.reader((part / "pairs.csv").open())]
    _write(target, [("x", "y", "label"), *dict.fromkeys(map(tuple, rows))])
    return target


def _pairs(path: Path) -> list[tuple[float, float, str]]:
    return [(*pair, cells[2]) for _, cells in rows_of(path) if len(cells) > 2 and (pair := pair_of(cells))]


def _write(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
