"""A table read in blocks and in haste is read as it is row by row and with care."""

import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.kinds.sentences import table as tables
from jobs.kinds.sentences.formats import delimited
from jobs.kinds.sentences.formats.delimited import CsvReader
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.errors import UploadRefused
from training.ground.limits import Limits

LIMITS = Limits(max_rows=400, max_field_chars=300, max_classes=6)
WORDS = ("kettle", "lamp", 'the "old" one', "so, what", "Über", "don't", "teapot", "\u4f60\u597d")
# What may stand in the place of a row of a clean table.
ODD = (
    "", ",", "text,label", '"text","label"', "only one cell", "three,of,them", "two,a,", "nan,a", "lamp,", ",a",
    "lamp,nan", "lamp,NA", "lost \ufffd letter,a", "lamp,a\ufffdb", "lamp,\u202aa\u202c", "  blanks  ,  b ", "lamp,a;b",
    '"over\ntwo lines",a', '"never closed,a', '"closed" too early,a', "Total,12", '"many' + "\n" * 40 + 'lines",b',
    "long " + "x" * 400 + ",c", "lamp,A", "lone\rreturn,a", "lamp,\\N", "lamp,'a'", "teapot,d",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_SAMPLE_CHARS", 400)
    monkeypatch.setattr(delimited, "MOST_ROWS", 7)


def _made(path: Path, seed: int, odd: int) -> Path:
    dice = random.Random(seed)
    labels = ("a", "b", "c") if seed % 3 else ("a", "b", "Not applicable", "0")
    rows = [
        f"{_cell(' '.join(dice.choices(WORDS, k=dice.randint(1, 9))))},{dice.choice(labels)}"
        for _ in range(dice.randint(60, 200))
    ]
    for _ in range(odd):
        rows[dice.randrange(len(rows))] = dice.choice(ODD)
    end = dice.choice(("\n", "\r\n"))
    head = "" if seed % 7 == 6 else f"text,label{end}"
    last = end if dice.random() < 0.8 else f"{end}Total,{len(rows)}{end}"
    path.write_text(head + end.join(rows) + last, encoding=dice.choice(("utf-8", "utf-8-sig")), newline="")
    return path


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if set(text) & set(',"') else text


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except UploadRefused as refusal:
        return refusal.code, refusal.status, refusal.detail


def _read(path: Path, target: Path, options: TableOptions) -> tuple[object, object]:
    findings = _outcome(lambda: tables.inspect_table(path, path.name, LIMITS, options=options))
    written = _outcome(lambda: tables.write_table(path, path.name, target, LIMITS, options))
    return findings, list(_rows(target)) if written is None else written


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def _read_with_care(path: Path, target: Path, options: TableOptions) -> tuple[object, object]:
    """Row by row, with a pass of its own for whether the text is plain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CsvReader, "blocks", lambda reader: None)
        patch.setattr(tables, "_at_best_hastily", lambda read: read(False))
        return _read(path, target, options)


@pytest.mark.parametrize("odd", [0, 1, 3, 12])
@pytest.mark.parametrize("seed", range(30))
def test_blocks_in_haste_are_read_as_rows_with_care(seed: int, odd: int, tmp_path: Path) -> None:
    path = _made(tmp_path / "table.csv", seed, odd)
    options = (
        TableOptions(),
        TableOptions(header_row=3),
        TableOptions(classes={"b": "bee", "c": ""}),
        TableOptions(has_header=False),
    )[seed % 4]
    assert _read(path, tmp_path / "hasty.csv", options) == _read_with_care(
        path, tmp_path / "careful.csv", options
    )


def test_each_odd_row_at_the_end_is_read_as_with_care(tmp_path: Path) -> None:
    for number, odd in enumerate(ODD):
        path = _made(tmp_path / f"{number}.csv", 4, 0)
        path.write_text(path.read_text("utf-8") + odd + "\n", "utf-8", newline="")
        assert _read(path, tmp_path / "hasty.csv", TableOptions()) == _read_with_care(
            path, tmp_path / "careful.csv", TableOptions()
        ), odd


def test_a_clean_table_is_read_in_haste_and_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _made(tmp_path / "table.csv", 4, 0)
    monkeypatch.setattr(tables, "_at_best_hastily", lambda read: read(True))
    monkeypatch.setattr(CsvReader, "_fit", lambda *args: pytest.fail("the dialect was measured again"))
    read = tables.inspect_table(path, path.name, LIMITS)
    assert read.sample_count > 50


def test_lines_of_all_lengths_are_read_in_blocks(tmp_path: Path) -> None:
    """Where lines may be long, fewer rows are taken at once."""
    path = tmp_path / "long.csv"
    lines = [
        f"{'word ' * (2_000 if number % 50 else 3)}{number},{'ab'[number % 2]}\n" for number in range(60)
    ]
    path.write_text("text,label\n" + "".join(lines), "utf-8")
    limits = Limits(max_rows=400)
    findings = tables.inspect_table(path, path.name, limits)
    assert findings.sample_count == 60
    assert not findings.skipped
