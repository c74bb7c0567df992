"""Data sets, jobs and models for the pages; and what every page has to keep to."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from jobs import datasets
from jobs.models import Dataset, Job
from jobs.states import RUNNING
from modelstore import store, tokens
from modelstore.models import TrainedModel
from tests.bundles import COLOURS, MOODS, image_bundle, picture, text_bundle
from training.config import Task, resolve

ROWS = [
    ("I love it", "good"),
    ("what a joy", "good"),
    ("so fine", "good"),
    ("it is bad", "bad"),
    ("awful", "bad"),
    ("no good", "bad"),
]


def pictures_zip(classes: tuple[str, ...] = ("red", "green"), count: int = 3) -> bytes:
    """One folder per class with pictures of that colour."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for label in classes:
            for number in range(count):
                archive.writestr(f"{label}/{number}.png", picture(label, size=(20 + number, 20)))
    return buffer.getvalue()


def table(header: str = "input,label", rows: list[tuple[str, str]] = ROWS) -> bytes:
    return "\n".join([header, *(f"{text},{label}" for text, label in rows)]).encode() + b"\n"


@pytest.fixture
def image_dataset(db: None) -> Dataset:
    return datasets.store_upload(task_type=Task.IMAGE, upload=ContentFile(pictures_zip(), name="colours.zip"))


@pytest.fixture
def text_dataset(db: None) -> Dataset:
    return datasets.store_upload(task_type=Task.TEXT, upload=ContentFile(table(), name="moods.csv"))


@pytest.fixture
def make_job(db: None) -> Callable[..., Job]:
    def make(task: Task = Task.IMAGE, **values: Any) -> Job:
        token = tokens.new_token()
        config = resolve(task, {"preset": "balanced"})
        if values.get("status") in RUNNING:
            values.setdefault("lease_until", timezone.now() + timedelta(minutes=1))
        fields = {
            "task_type": task.value,
            "task_name": "red and green",
            "model_name": config.model,
            "config": config.to_json(),
        }
        return Job.objects.create(
            token=token, token_digest=tokens.digest(token), preset="balanced", **(fields | values)
        )

    return make


@pytest.fixture
def make_model(db: None, tmp_path: Path) -> Callable[..., TrainedModel]:
    """A model with a real, tiny bundle; `age` in hours, `job` makes it that job's."""

    def make(
        task: Task = Task.IMAGE,
        *,
        age: float = 0,
        downloadable: bool = True,
        job: Job | None = None,
        classes: Any = None,
    ) -> TrainedModel:
        token = job.token if job else tokens.new_token()
        build, known = (image_bundle, COLOURS) if task is Task.IMAGE else (text_bundle, MOODS)
        folder = build(tmp_path / f"bundle-{tokens.new_token()}", classes or known)
        prefix = f"jobs/{tokens.new_token()}/1"
        store.upload_bundle(folder=folder, prefix=prefix)
        model = store.create_model(
            token=token, prefix=prefix, folder=folder, task_name="colours", downloadable=downloadable
        )
        model.created = timezone.now() - timedelta(hours=age)
        model.save()
        if job:
            Job.objects.filter(pk=job.pk).update(status="deployed", model=model, accuracy=model.accuracy)
        return model

    return make
