"""What tables of pyarrow cost once each row has its own values."""

import io
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.uploads import arrow_blocks

LONG = "a" * 100_000
FEW = pa.array([LONG, "b"])
WHICH = pa.array([0, 1] * 500, pa.int32())
COST = 500 * (len(LONG) + 1)


def _batch(column: Any) -> Any:
    return pa.record_batch({"x": column})


@pytest.mark.parametrize(
    "column",
    [
        pa.DictionaryArray.from_arrays(WHICH, FEW),
        pa.DictionaryArray.from_arrays(WHICH, FEW).cast(pa.string()),
        pa.DictionaryArray.from_arrays(WHICH, FEW.cast(pa.large_string())),
        FEW.take(WHICH).cast(pa.string_view()),
        pa.RunEndEncodedArray.from_arrays([1_000], pa.array([LONG])),
        pa.StructArray.from_arrays([pa.DictionaryArray.from_arrays(WHICH, FEW)], ["y"]),
        pa.ListArray.from_arrays(
            pa.array(range(1_001), pa.int32()), pa.DictionaryArray.from_arrays(WHICH, FEW)
        ),
        pa.MapArray.from_arrays(
            pa.array(range(1_001), pa.int32()),
            pa.array(["k"] * 1_000),
            pa.DictionaryArray.from_arrays(WHICH, FEW),
        ),
    ],
    ids=["dictionary", "plain", "large", "view", "runs", "struct", "list", "map"],
)
def test_each_row_is_counted(column: Any) -> None:
    batch = _batch(column)
    assert COST <= arrow_blocks.size_of(batch) <= 3 * COST
    part = arrow_blocks.size_of(batch.slice(10, 100))
    assert COST / 10 <= part <= COST / 3, "of a part only its own"


def test_missing_values_and_empty_tables_cost_nothing() -> None:
    nothing = pa.array([None] * 10, pa.int32())
    assert arrow_blocks.size_of(_batch(pa.DictionaryArray.from_arrays(nothing, FEW))) == 0
    assert arrow_blocks.size_of(_batch(pa.array([], pa.string()))) == 0
    assert next(arrow_blocks.pieces_of(_batch(pa.array([], pa.string())))).num_rows == 0


def test_pieces_are_bounded_and_lose_no_row() -> None:
    rows = 40_000
    which = pa.array([row % 2 for row in range(rows)], pa.int32())
    batch = pa.record_batch({"n": list(range(rows)), "x": pa.DictionaryArray.from_arrays(which, FEW)})
    pieces = list(arrow_blocks.pieces_of(batch))
    assert max(map(arrow_blocks.size_of, pieces)) <= 32 * 1024**2
    assert [value for piece in pieces for value in piece.column("n").to_pylist()] == list(range(rows))


@pytest.mark.parametrize(("chars", "most"), [(10, 20_000), (20_000, 5_000)])
def test_blocks_have_as_many_rows_as_fit(chars: int, most: int) -> None:
    rows = 20_000
    buffer = io.BytesIO()
    table = pa.table({"x": [f"{row:0{chars}}" for row in range(rows)]})
    parquet.write_table(table, buffer, use_dictionary=False, compression="none")
    blocks = [block.num_rows for block in arrow_blocks.blocks_of(arrow_blocks.open_parquet(buffer))]
    assert sum(blocks) == rows
    assert 1_024 <= max(blocks) <= most


def test_many_columns_make_short_pieces() -> None:
    assert arrow_blocks.rows_at_once(2) == 16_384
    assert arrow_blocks.rows_at_once(200) == 2_500
    assert arrow_blocks.rows_at_once(100_000) == 1_024
