"""Reads Parquet batch by batch; pyarrow is imported only when such a file comes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Meaning
from jobs.kinds.sentences.formats.json_tables import as_text
from jobs.uploads.errors import UploadRefused
from training.ground.limits import Limits

_BATCH = 1_024


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
            size = sum(
                file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
            )
        if rows > limits.max_rows:
            raise UploadRefused(
                f"The table has {rows:,} rows; at most {limits.max_rows:,} are allowed.",
                status=413,
                code="too_many_rows",
            )
        if size > limits.max_unpacked_bytes:
            raise UploadRefused(
                f"Unpacked, the table is larger than {limits.max_unpacked_bytes / 1024**3:.3g} GB.",
                status=413,
                code="unpacked_too_large",
            )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the row, its cells); None stands for what is no single value."""
        number = 0
        with self._file() as file:
            batches = file.iter_batches(batch_size=_BATCH, use_threads=False)
            while (batch := self._next(batches)) is not None:
                columns = [_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, [as_text(cell, f"Row {number:,}") for cell in cells]

    def _next(self, batches: Iterator[Any]) -> Any:
        import pyarrow

        try:
            return next(batches, None)
        except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
            raise _damaged() from error

    def _file(self) -> Any:
        import pyarrow
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self._path, memory_map=True)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise _damaged() from error


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
