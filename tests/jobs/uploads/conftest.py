"""Uploads written to a temporary file and inspected."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.zip_of_pictures import inspect_pictures
from jobs.kinds.sentences.findings import TableFindings
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.table import inspect_table
from jobs.uploads import (
    UploadRefused,
)
from tests.jobs.uploads import builders
from training.ground.limits import Limits

InspectPictures = Callable[..., PictureFindings]
InspectTable = Callable[..., TableFindings]


@pytest.fixture
def inspect_zip(tmp_path: Path) -> InspectPictures:
    def run(
        files: Mapping[str, bytes] | bytes,
        limits: Limits | None = None,
        decode_seconds: float = 20,
        **options: object,
    ) -> PictureFindings:
        data = files if isinstance(files, bytes) else builders.zip_bytes(files)
        path = builders.write(tmp_path, data)
        chosen = PictureOptions.from_json(options)
        return inspect_pictures(path, limits or Limits(), chosen, decode_seconds=decode_seconds)

    return run


@pytest.fixture
def inspect_text(tmp_path: Path) -> InspectTable:
    def run(
        data: bytes | str, limits: Limits | None = None, name: str = "things.csv", **options: object
    ) -> TableFindings:
        path = builders.write(tmp_path, data)
        chosen = TableOptions.from_json(options)
        return inspect_table(path, name, limits or Limits(), options=chosen)

    return run


@pytest.fixture
def refusal_of() -> Callable[..., UploadRefused]:
    """The refusal that a call ends in; every one says something and has a code."""

    def run(call: Callable[..., object], *values: object, **named: object) -> UploadRefused:
        with pytest.raises(UploadRefused) as caught:
            call(*values, **named)
        refusal = caught.value
        assert refusal.status in (400, 413, 415, 422)
        assert refusal.code
        assert refusal.detail.endswith((".", "?"))
        assert "\n" not in refusal.detail
        assert refusal.detail.isprintable()
        assert all(word not in refusal.detail for word in ("Error", "Traceback", "object at"))
        return refusal

    return run
