"""Tables of pyarrow in blocks: what each costs is counted before its rows get values of their own.

A value that is written once for many rows is small in the file, and as large as they say once it is Python's.
"""

from collections.abc import Iterator
from typing import Any

from training.ground.limits import MIB

_MOST_ROWS, _FEWEST_ROWS = 16_384, 1_024
_MOST_CELLS = 500_000
# Each block looks the texts of its rows up anew, so few large ones are quick.
_BLOCK_ROWS = 131_072
_BLOCK_BYTES = 64 * MIB
_PIECE_BYTES = 32 * MIB


def open_parquet(file: Any) -> Any:
    """A ParquetFile whose texts stay what they are in the file: each once, and which row has which."""
    from pyarrow import parquet

    schema = parquet.ParquetFile(file).schema.to_arrow_schema()
    file.seek(0)
    return parquet.ParquetFile(
        file, read_dictionary=[field.name for field in schema if _has_lengths(field.type)]
    )


def blocks_of(file: Any) -> Iterator[Any]:
    """The rows of a ParquetFile as record batches, so many at once that it is quick and does not take much memory."""
    about = file.metadata
    rows = _BLOCK_ROWS
    # The file's own words, so only a hint: whoever reads counts what comes.
    if stated := sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups)):
        rows = min(rows, max(_FEWEST_ROWS, _BLOCK_BYTES * about.num_rows // stated))
    yield from file.iter_batches(batch_size=rows, use_threads=False)


def rows_at_once(columns: int) -> int:
    """How many rows of so many columns become Python's at the same time."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_CELLS // max(1, columns)))


def pieces_of(batch: Any) -> Iterator[Any]:
    """A record batch in pieces that are not too large once each row has its own values; one row is never divided."""
    rows = rows_at_once(batch.num_columns)
    for start in range(0, max(1, batch.num_rows), rows):
        yield from _halves(batch.slice(start, rows))


def size_of(batch: Any) -> int:
    """Bytes of the values of a batch, each row counted, in time and memory of what is stored."""
    return sum(_size(column) for column in batch.columns)


def _halves(batch: Any) -> Iterator[Any]:
    if batch.num_rows <= 1 or size_of(batch) <= _PIECE_BYTES:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halves(batch.slice(0, half))
    yield from _halves(batch.slice(half))


def _size(column: Any) -> int:
    import pyarrow
    from pyarrow import types

    kind = column.type
    if isinstance(column, pyarrow.ExtensionArray):
        return _size(column.storage)
    if types.is_dictionary(kind):
        return _of_each(column.dictionary, column.indices)
    if types.is_run_end_encoded(kind):
        return _longest(column.values) * len(column)
    if types.is_string_view(kind) or types.is_binary_view(kind):
        return _of_views(column)
    if types.is_struct(kind):
        return sum(_size(one) for one in column.flatten())
    if types.is_union(kind):
        return len(column) * max((_longest(column.field(at)) for at in range(kind.num_fields)), default=0)
    if types.is_map(kind):
        first, last = column.offsets[0].as_py(), column.offsets[-1].as_py()
        parts = (part.slice(first, last - first) for part in (column.keys, column.items))
        return 8 * len(column) + sum(map(_size, parts))
    if types.is_nested(kind):
        return 8 * len(column) + _size(column.flatten())
    return int(column.nbytes)


def _of_views(texts: Any) -> int:
    """Of texts that point to where they are, as many do to the same place: each begins with its length."""
    import numpy as np

    numbers = np.frombuffer(texts.buffers()[1], np.int32).reshape(-1, 4)
    return int(numbers[texts.offset : texts.offset + len(texts), 0].sum(dtype=np.int64))


def _of_each(values: Any, which: Any) -> int:
    """Bytes of `values` once each of `which` has its own."""
    if _has_lengths(values.type):
        return _total(_lengths(values).take(which))
    return _longest(values) * len(which)


def _longest(values: Any) -> int:
    """Bytes that one of them has at most."""
    from pyarrow import compute

    if _has_lengths(values.type):
        return int(compute.max(_lengths(values)).as_py() or 0)
    return _size(values)


def _lengths(texts: Any) -> Any:
    from pyarrow import compute

    return compute.cast(compute.binary_length(texts), "int64")


def _total(lengths: Any) -> int:
    from pyarrow import compute

    return int(compute.sum(lengths).as_py() or 0)


def _has_lengths(kind: Any) -> bool:
    """Whether it is text or bytes in the plain form, the only one that can be asked for its lengths."""
    from pyarrow import types

    return any(
        test(kind)
        for test in (
            types.is_string,
            types.is_large_string,
            types.is_binary,
            types.is_large_binary,
        )
    )
