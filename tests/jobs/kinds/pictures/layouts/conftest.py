"""Zips of pictures in the layouts that people and tools make."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.zip_of_pictures import unpack_pictures
from tests.jobs.uploads.builders import write, zip_bytes
from tests.jobs.uploads.conftest import inspect_zip, refusal_of
from training.ground.limits import Limits

__all__ = ["inspect_zip", "refusal_of"]


@pytest.fixture
def manifest_of(tmp_path: Path) -> Callable[..., list[dict[str, str]]]:
    """The rows of manifest.csv of the unpacked pictures."""

    def run(files: Mapping[str, bytes] | bytes, **options: object) -> list[dict[str, str]]:
        data = files if isinstance(files, bytes) else zip_bytes(files)
        target = tmp_path / "data"
        unpack_pictures(write(tmp_path, data), target, Limits(), PictureOptions.from_json(options))
        with (target / "manifest.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return run
