"""Data sets, jobs and models for the pages; and what every page has to keep to."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from jobs.datasets import dataset_store
from jobs.models import Dataset, Job
from jobs.states import RUNNING
from modelstore.bundles import store
from modelstore.ground import tokens
from modelstore.models import TrainedModel
from tests.bundles import COLOURS, MOODS, image_bundle, picture, text_bundle
from tests.tasks import Task
from training.ground.recipe import resolve

PHONE = {"width": 360, "height": 740}
# As patient as the pages are: five seconds are few for a check of data on a machine that does other things, too.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
# A camera that shows a moving sign.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
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
    return dataset_store.store_upload(
        task_type=Task.IMAGE, upload=ContentFile(pictures_zip(), name="colours.zip")
    )


@pytest.fixture
def text_dataset(db: None) -> Dataset:
    return dataset_store.store_upload(task_type=Task.TEXT, upload=ContentFile(table(), name="moods.csv"))


@pytest.fixture
def make_job(db: None) -> Callable[..., Job]:
    def make(task: Task = Task.IMAGE, **values: Any) -> Job:
        config = resolve(task, {"preset": "balanced"})
        if values.get("status") in RUNNING:
            values.setdefault("lease_until", timezone.now() + timedelta(minutes=1))
        fields = {
            "preset": "balanced",
            "task_type": task.value,
            "task_name": "red and green",
            "model_name": config.model,
            "config": config.to_json(),
        }
        job = Job.with_new_token(**(fields | values))
        if all(row is None or row.known_token for row in (job.dataset, job.continues)):
            job.seal_tokens()
        job.save()
        return job

    return make


@pytest.fixture
def make_model(db: None, tmp_path: Path) -> Callable[..., TrainedModel]:
    """A model with a real, tiny bundle; `age` in hours, `job` makes it that job's; the rest goes into model.json."""

    def make(
        task: Task = Task.IMAGE,
        *,
        age: float = 0,
        downloadable: bool = True,
        job: Job | None = None,
        classes: Any = None,
        **manifest: Any,
    ) -> TrainedModel:
        token = "" if job else tokens.new_token()
        build, known = (image_bundle, COLOURS) if task is Task.IMAGE else (text_bundle, MOODS)
        folder = build(tmp_path / f"bundle-{tokens.new_token()}", classes or known, **manifest)
        prefix = f"jobs/{tokens.new_token()}/1"
        store.upload_bundle(folder=folder, prefix=prefix)
        model = store.create_model(
            token_digest=job.token_digest if job else tokens.digest(token),
            prefix=prefix,
            folder=folder,
            task_name="colours",
            downloadable=downloadable,
        )
        if known_token := job.known_token if job else token:
            model.token = known_token
        model.created = timezone.now() - timedelta(hours=age)
        model.save()
        if job:
            Job.objects.filter(pk=job.pk).update(status="deployed", model=model, accuracy=model.accuracy)
        return model

    return make


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    # Playwright's event loop runs in this thread, where the tests use the database, too.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", *CAMERA])
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Any]:
    """`open_page(name, *args, script="", **context)`: a page of the live server.

    `script` runs in it before its own. A script error or a blocked style fails the test.
    """
    contexts, complaints = [], []

    def complain(message: Any) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    def open_(name: str, *args: Any, script: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", complain)
        if script:
            page.add_init_script(script)
        page.goto(live_server.url + reverse(name, args=args))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def upload(name: str, data: bytes, kind: str = "application/zip") -> dict[str, Any]:
    """A file as a page is given it."""
    return {"name": name, "mimeType": kind, "buffer": data}
