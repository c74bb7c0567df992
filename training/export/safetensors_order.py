"""Writes the tensors of a safetensors file in another order: those first that are the same in many models."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Of the header, and of the largest numbers that there are: whoever reads tensors in place needs them so.
_ALIGNED = 8


def header_of(data: bytes | memoryview) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file ({name: {dtype, shape, data_offsets}}), and where the tensors begin."""
    size = int.from_bytes(data[:_ALIGNED], "little")
    return json.loads(bytes(data[_ALIGNED : _ALIGNED + size])), _ALIGNED + size


def put_first(path: Path, names: Sequence[str]) -> None:
    """Moves the tensors `names` to the beginning, in this order; the others follow as they were.

    Where the others would not be aligned then, the file stays as it is.
    """
    content = memoryview(path.read_bytes())
    header, start = header_of(content)
    told = {name: facts for name, facts in header.items() if name != "__metadata__"}
    first = [*names, *sorted(told.keys() - set(names), key=lambda name: told[name]["data_offsets"])]
    if not names or sum(_size(told[name]) for name in names) % _ALIGNED:
        return
    written, at = {}, 0
    for name in first:
        size = _size(told[name])
        written[name] = told[name] | {"data_offsets": [at, at + size]}
        at += size
    if "__metadata__" in header:
        written = {"__metadata__": header["__metadata__"], **written}
    text = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("xb") as file:
        file.write(len(text).to_bytes(_ALIGNED, "little") + text)
        for name in first:
            begin, end = told[name]["data_offsets"]
            file.write(content[start + begin : start + end])
    os.replace(partial, path)


def _size(facts: dict[str, Any]) -> int:
    begin, end = facts["data_offsets"]
    return int(end - begin)
