"""Makes pictures, zips and tables for the tests, good and bad."""

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def picture(seed: int = 0, format: str = "JPEG", size: tuple[int, int] = (48, 32)) -> bytes:
    """A picture of noise, another for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def pictures(folder: str, count: int = 3, start: int = 0, suffix: str = "jpg") -> dict[str, bytes]:
    """`count` different pictures in a folder."""
    seed = sum(map(ord, folder)) * 100 + start
    return {f"{folder}/{start + i}.{suffix}": picture(seed + i) for i in range(count)}


def two_classes() -> dict[str, bytes]:
    return {**pictures("cats"), **pictures("dogs")}


def zip_bytes(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def write(folder: Path, data: bytes | str, name: str = "upload") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def table(rows: int = 10, header: str = "input,label", line: str = "sentence {i},{label}") -> str:
    """A CSV of two classes."""
    lines = [line.format(i=i, label="good" if i % 2 else "bad") for i in range(rows)]
    return "\n".join([header, *lines] if header else lines) + "\n"
