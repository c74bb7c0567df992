"""Bad uploads over the API: the right status, in words, and nothing stays behind."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.models import Dataset, Job
from modelstore.ground.tokens import digest
from tests.badinput.files import REFUSED, TAKEN, File
from tests.jobs.web.test_api import problem

pytestmark = pytest.mark.django_db


def sent(client: Client, file: File, settings: Any) -> Any:
    settings.FLASH_LIMITS = dataclasses.replace(settings.FLASH_LIMITS, **file.limits)
    form = {"dataset": SimpleUploadedFile(file.name, file.make()), "task_type": file.task}
    return client.post("/api/v1/datasets/", form)


def left(folder: Path) -> list[str]:
    """What lies in the storage and the folder for uploads on their way."""
    return [
        str(path.relative_to(folder))
        for part in ("media", "tmp")
        for path in (folder / part).rglob("*")
        if path.is_file()
    ]


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.id)
def test_what_cannot_be_used_is_refused_in_words(
    client: Client, file: File, settings: Any, tmp_path: Path
) -> None:
    answer = sent(client, file, settings)
    found = problem(answer, file.status)
    assert len(found["detail"]) > 20 and file.words in str(found)
    assert not Job.objects.exists()
    # A table that can be read by other columns or another encoding is kept for that; the answer has its token.
    kept = Dataset.objects.filter(token_digest=digest(found.get("token", "")))
    assert Dataset.objects.count() == len(left(tmp_path)) == kept.count()
    assert not kept or file.status in (400, 422)


@pytest.mark.parametrize("file", TAKEN, ids=lambda file: file.id)
def test_what_is_only_odd_is_made_harmless(client: Client, file: File, settings: Any, tmp_path: Path) -> None:
    answer = sent(client, file, settings)
    assert answer.status_code == file.status, answer.content
    found = answer.json()
    assert len(found["classes"]) == 2
    assert len(left(tmp_path)) == 1
    page = client.get(f"/datasets/{found['token']}/")
    assert page.status_code == 200
    assert b"<script>good" not in page.content
