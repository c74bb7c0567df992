"""Reads Parquet, Arrow and Feather batch by batch; pyarrow is imported only when such a file comes."""

import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.annotations.registry import find_annotation
from jobs.kinds.sentences.formats.cells import Columns, as_text
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.uploads.arrow_blocks import blocks_of, open_parquet, pieces_of, size_of
from jobs.uploads.errors import UploadRefused, is_want_of_room, listed, shown
from jobs.uploads.right_form import choose_instead
from training.ground.limits import MIB, Limits
from training.ground.picture_formats import picture_format
from training.kinds.sentences import KIND

_NAMING_ROWS = 1_000
_GLANCE = 5
_STREAM = b"\xff\xff\xff\xff"
_OLD_FEATHER = b"FEA1"


def recognises(head: bytes) -> bool:
    """Whether the first bytes are those of Parquet, Arrow or Feather."""
    return head.startswith((b"PAR1", b"ARROW1", _OLD_FEATHER)) or (
        head.startswith(_STREAM) and len(head) > 8 and head[7] < 0x10
    )


class ArrowReader:
    """Records of such a file, numbered from 1; codes of classes become their names."""

    delimiter: str | None = None
    unit = "Row"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._file = _Stored(source)
        self.encoding = self._file.kind.lower()
        self._names = _class_names(self._file.schema)
        flat = not any(_is_nested(field.type) for field in self._file.schema)
        sample = list(itertools.islice((item for _, item in self._items()), 1 if flat else _NAMING_ROWS))
        self._refuse_pictures(sample)
        self._rows = None if flat else find_annotation(sample, source)
        self._flat: Columns | None = None
        self.columns: list[str] | None
        self.meaning = Meaning()
        if self._rows:
            self.columns, self.meaning, self.unit = self._rows.columns, self._rows.meaning, self._rows.unit
        elif flat:
            self.columns = [str(name) for name in self._file.schema.names]
        else:
            self._flat = Columns(sample, source.limits.max_columns)
            self.columns = self._flat.names
        for column, names in self._names.items():
            source.notes.repair(
                "Labels", f'The codes of "{shown(column, 40)}" are named in the file: {listed(names)}.'
            )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the row, its cells); None stands for what is no single value."""
        if self._rows:
            yield from self._rows.records(self._items())
        elif self._flat:
            cells = self._flat.cells
            for number, item in self._items():
                yield number, cells(item)
        else:
            number = 0
            for columns in self._columns():
                for values in zip(*columns, strict=True):
                    number += 1
                    yield number, [value if type(value) is str else as_text(value) for value in values]

    def _items(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        names = [str(name) for name in self._file.schema.names]
        number = 0
        for columns in self._columns():
            for values in zip(*columns, strict=True):
                number += 1
                yield number, dict(zip(names, values, strict=True))

    def _columns(self) -> Iterator[list[list[Any]]]:
        """The values of each batch, column by column."""
        fields = [(str(field.name), self._names.get(str(field.name))) for field in self._file.schema]
        for batch in self._file.batches():
            yield [
                _values(column, names, self._file.kind)
                for column, (_, names) in zip(batch.columns, fields, strict=True)
            ]

    def _refuse_pictures(self, sample: Sequence[Mapping[str, Any]]) -> None:
        for item in sample[:_GLANCE]:
            for name, value in item.items():
                data = value.get("bytes") if isinstance(value, dict) else value
                if isinstance(data, bytes) and picture_format(data[:512]):
                    raise UploadRefused(
                        f'This {self._file.kind} file contains pictures (column "{shown(name, 40)}", '
                        f"{picture_format(data[:512])}), but text was expected. Write each picture to a file in a "
                        f"folder of its class, and zip the folders.{choose_instead('.zip', KIND)}",
                        status=415,
                        code="wrong_kind",
                    )


class _Stored:
    """The file itself: schema and batches. Raises UploadRefused (400, 413)."""

    def __init__(self, source: Source) -> None:
        self._source = source
        with source.open() as file:
            head = file.read(8)
        self._parquet = head.startswith(b"PAR1")
        self._old = head.startswith(_OLD_FEATHER)
        self._stream = head.startswith(_STREAM)
        self.kind = "Parquet" if self._parquet else "Feather" if self._old else "Arrow"
        self._seekable: BinaryIO | None = None
        with self._open() as opened:
            self.schema = opened.schema.to_arrow_schema() if self._parquet else opened.schema
            if self._parquet:
                _check_rows(opened.metadata.num_rows, source.limits)
        self._check_size()

    def batches(self) -> Iterator[Any]:
        """Rows in pieces that are not too large once each row has its own values."""
        for batch in self._stored():
            yield from pieces_of(batch)

    def _check_size(self) -> None:
        # The sizes that a file states are its own words, so they are counted.
        size = 0
        for batch in self._stored():
            size += size_of(batch)
            if size > self._source.limits.max_unpacked_bytes:
                raise _too_large(self._source.limits)

    def _stored(self) -> Iterator[Any]:
        with self._open() as opened:
            batches = self._batches(opened)
            while (batch := self._next(batches)) is not None:
                yield batch

    def _batches(self, opened: Any) -> Iterator[Any]:
        if self._parquet:
            yield from blocks_of(opened)
            return
        stored = opened if self._stream else opened.to_batches() if self._old else _each(opened)
        for batch in stored:
            batch.validate(full=True)
            yield batch

    def _next(self, batches: Iterator[Any]) -> Any:
        return self._try(lambda: next(batches, None))

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import pyarrow
        from pyarrow import feather, ipc

        def build() -> Any:
            if self._source.packed:
                file = pyarrow.PythonFile(self._spooled(), mode="r")
            else:
                file = pyarrow.memory_map(str(self._source.path))
            if self._parquet:
                return open_parquet(file)
            if self._old:
                return feather.read_table(file)
            return ipc.open_stream(file) if self._stream else ipc.open_file(file)

        yield self._try(build)

    def _spooled(self) -> BinaryIO:
        """A copy on the disk, for files inside zips: Parquet is read from its end."""
        if self._seekable is None:
            scratch = tempfile.TemporaryFile()  # noqa: SIM115 closed with the source
            self._seekable = self._source.closing.enter_context(scratch)
            copied = 0
            with self._source.open() as file:
                while chunk := file.read(MIB):
                    copied += len(chunk)
                    if copied > self._source.limits.max_unpacked_bytes:
                        raise _too_large(self._source.limits)
                    self._seekable.write(chunk)
        self._seekable.seek(0)
        return self._seekable

    def _try(self, build: Callable[[], Any]) -> Any:
        import pyarrow

        try:
            return build()
        except MemoryError:
            raise
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            if is_want_of_room(error):
                raise
            raise _damaged(self.kind) from error


def _each(file: Any) -> Iterator[Any]:
    """The record batches of an Arrow file, one in memory at a time."""
    return map(file.get_batch, range(file.num_record_batches))


def _check_rows(rows: int, limits: Limits) -> None:
    if rows > limits.max_rows:
        raise UploadRefused(
            f"The table has {rows:,} rows; at most {limits.max_rows:,} are allowed.",
            status=413,
            code="too_many_rows",
        )


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def _class_names(schema: Any) -> dict[str, list[str]]:
    """The names of classes that the library datasets stores beside the schema, by column."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return class_names(features)


def class_names(features: Any) -> dict[str, list[str]]:
    """Names of classes, by column, of features as the library datasets describes them."""
    found: dict[str, list[str]] = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        while isinstance(feature, list) and len(feature) == 1:
            feature = feature[0]
        while isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
            feature = feature["feature"]
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            names = feature.get("names")
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                found[str(column)] = names
    return found


def named(value: Any, names: Sequence[str]) -> Any:
    """The name of a code; "" for -1, which says that there is no label; the value itself if it is no code."""
    if isinstance(value, list):
        return [named(one, names) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else "" if value < 0 else value
    return value


def _values(column: Any, names: Sequence[str] | None, kind: str) -> list[Any]:
    try:
        # A piece is small enough for each row to have its own, which is much faster.
        plain = column.dictionary_decode() if hasattr(column, "dictionary_decode") else column
        values: list[Any] = plain.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError) as error:
        raise _damaged(kind) from error
    return [named(value, names) for value in values] if names else values


def _too_large(limits: Limits) -> UploadRefused:
    return UploadRefused(
        f"Unpacked, the table is larger than {limits.max_unpacked_bytes / 1024**3:.3g} GB. Send fewer rows.",
        status=413,
        code="unpacked_too_large",
    )


def _damaged(kind: str) -> UploadRefused:
    return UploadRefused(
        f"The {kind} file is damaged or uses a feature that is not supported. Save it again, or as CSV. "
        f"{TABLE_EXAMPLE}",
        code=f"{'parquet' if kind == 'Parquet' else 'arrow'}_damaged",
    )
