"""Reads Parquet batch by batch; pyarrow is imported only when such a file comes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Meaning
from jobs.kinds.sentences.formats.json_tables import as_text
from jobs.uploads.errors import UploadRefused
from training.ground.limits import MIB, Limits

_BATCH = 1_024
_PIECE_BYTES = 32 * MIB


class ParquetReader:
    """Records of a Parquet file, numbered from 1."""

    delimiter: str | None = None
    meaning = Meaning()
    encoding = "parquet"
    unit = "Row"

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        with self._file() as file:
            self.columns: list[str] | None = list(file.schema_arrow.names)
            rows = file.metadata.num_rows
            texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
        if rows > limits.max_rows:
            raise UploadRefused(
                f"The table has {rows:,} rows; at most {limits.max_rows:,} are allowed.",
                status=413,
                code="too_many_rows",
            )
        # What is written once for many rows stays so until a few rows of it are needed.
        self._texts = texts
        # The sizes that the file states are its own words, so they are counted.
        if sum(_size(batch) for batch in self._batches()) > limits.max_unpacked_bytes:
            raise UploadRefused(
                f"Unpacked, the table is larger than {limits.max_unpacked_bytes / 1024**3:.3g} GB.",
                status=413,
                code="unpacked_too_large",
            )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the row, its cells); None stands for what is no single value."""
        number = 0
        for batch in self._batches():
            for piece in _pieces(batch):
                columns = [_values(column) for column in piece.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, [as_text(cell, f"Row {number:,}") for cell in cells]

    def _batches(self) -> Iterator[Any]:
        with self._file(self._texts) as file:
            batches = file.iter_batches(batch_size=_BATCH, use_threads=False)
            while (batch := self._next(batches)) is not None:
                yield batch

    def _next(self, batches: Iterator[Any]) -> Any:
        import pyarrow

        try:
            return next(batches, None)
        except MemoryError:
            raise
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise _damaged() from error

    def _file(self, as_dictionaries: Sequence[str] = ()) -> Any:
        import pyarrow
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self._path, memory_map=True, read_dictionary=list(as_dictionaries))
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise _damaged() from error


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_binary(kind))


def _size(batch: Any) -> int:
    """Bytes of the values of a batch, each row counted, in time and memory of what is stored."""
    import pyarrow
    from pyarrow import compute

    size = 0
    for column in batch.columns:
        if isinstance(column, pyarrow.DictionaryArray):
            lengths = compute.cast(compute.binary_length(column.dictionary), "int64")
            size += compute.sum(lengths.take(column.indices)).as_py() or 0
        else:
            size += column.nbytes
    return size


def _pieces(batch: Any) -> Iterator[Any]:
    """The batch in pieces that are not too large once each row has its own values; one row is never divided."""
    if len(batch) <= 1 or _size(batch) <= _PIECE_BYTES:
        yield batch
        return
    half = len(batch) // 2
    yield from _pieces(batch.slice(0, half))
    yield from _pieces(batch.slice(half))


def _values(column: Any) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError) as error:
        raise _damaged() from error
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values]


def _damaged() -> UploadRefused:
    return UploadRefused(
        f"The Parquet file is damaged or uses a feature that is not supported. Save it again, or as CSV. "
        f"{TABLE_EXAMPLE}",
        code="parquet_damaged",
    )
