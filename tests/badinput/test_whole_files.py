"""Bad files to predict and to measure on: refused like uploads, or taken; never a 5xx, and nothing stays behind."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.models import BatchPrediction
from tests.badinput.files import PICTURES, REFUSED, TAKEN, File
from tests.jobs.batches.conftest import make_model
from tests.jobs.web.test_api import problem

__all__ = ["make_model"]
pytestmark = pytest.mark.django_db
WAYS = ("batches", "evaluations")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file", [*REFUSED, *TAKEN], ids=lambda file: file.id)
def test_it_is_taken_or_refused_in_words(
    client: Client, make_model: Any, settings: Any, tmp_path: Path, file: File, way: str
) -> None:
    model = make_model("image" if file.task == PICTURES else "text")
    settings.FLASH_LIMITS = dataclasses.replace(settings.FLASH_LIMITS, **file.limits)
    form = {"file": SimpleUploadedFile(file.name, file.make())}
    answer = client.post(f"/api/v1/models/{model.token}/{way}/", form)
    stored = [path for path in (tmp_path / "media" / "batch-uploads").rglob("*") if path.is_file()]
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]
    if answer.status_code == 201:
        assert len(stored) == BatchPrediction.objects.count() == 1
        return
    found = problem(answer, answer.status_code)
    assert found["status"] in (400, 413, 415, 422) and len(found["detail"]) > 20
    assert "dataset" not in found["detail"].lower()
    assert not stored and not BatchPrediction.objects.exists()
