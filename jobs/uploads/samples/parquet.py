"""Samples as a Parquet file that other tools read: pictures in the form of Hugging Face's datasets."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from jobs.uploads.samples.sample import Sample

_ROWS, _BYTES = 10_000, 64 * 1024**2


def write_parquet(samples: Iterable[Sample], content: str, path: Path, *, many: bool) -> int:
    """Writes id, label (a list where there may be `many`), name, split, source, time and the content.

    `content` is "text" or "image". Answers how many rows there are.
    """
    import pyarrow as pa
    from pyarrow import parquet

    binary = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [
            ("id", pa.string()),
            (content, pa.string() if content == "text" else binary),
            ("label", pa.list_(pa.string()) if many else pa.string()),
            ("name", pa.string()),
            ("split", pa.string()),
            ("source", pa.string()),
            ("time", pa.timestamp("us", tz="UTC")),
        ]
    )
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for some in _blocks(samples):
            rows = [_row(sample, content, many=many) for sample in some]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _row(sample: Sample, content: str, *, many: bool) -> dict[str, Any]:
    return {
        "id": sample.id.hex(),
        content: sample.content.decode("utf-8", "replace")
        if content == "text"
        else {"bytes": sample.content, "path": sample.name},
        "label": json.loads(sample.label) if many else sample.label,
        "name": sample.name,
        "split": sample.split,
        "source": sample.group,
        "time": sample.time,
    }


def _blocks(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    samples = iter(samples)
    while first := list(islice(samples, 1)):
        block, size = first, len(first[0].content)
        while size < _BYTES and len(block) < _ROWS and (more := next(samples, None)) is not None:
            block.append(more)
            size += len(more.content)
        yield block
