"""Factories of rows, and a trainer of our own in place of PyTorch."""

import hashlib
import itertools
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from jobs.models import Dataset, Job, Server
from jobs.states import RUNNING
from jobs.worker import runner, watch
from modelstore.ground import tokens
from tests.bundles import text_bundle
from tests.tasks import Task
from training.ground import child_environment
from training.ground.recipe import resolve

FAKE_TRAINER = Path(__file__).with_name("fake_trainer.py")
CSV = b"input,label\n" + b"".join(
    f"a good thing number {i},good\nsome bad thing number {i},bad\n".encode() for i in range(10)
)
_number = itertools.count(1)


@pytest.fixture
def make_dataset(db: None) -> Callable[..., Dataset]:
    def make(**values: Any) -> Dataset:
        token = tokens.new_token()
        # No two alike; empty rows are skipped.
        content = CSV + b"\n" * next(_number)
        dataset = Dataset(
            token=token,
            **{
                "task_type": Task.TEXT.value,
                "name": "things.csv",
                "size_bytes": len(CSV),
                "sha256": hashlib.sha256(content).hexdigest(),
                "sample_count": 20,
                "classes": [{"label": "bad", "count": 10}, {"label": "good", "count": 10}],
            }
            | values,
        )
        dataset.file.save(f"{token}.csv", ContentFile(content), save=True)
        return dataset

    return make


@pytest.fixture
def make_job(make_dataset: Callable[..., Dataset]) -> Callable[..., Job]:
    def make(**values: Any) -> Job:
        dataset = values.pop("dataset", None) or make_dataset()
        if values.get("status") in RUNNING:
            values.setdefault("lease_until", timezone.now() + timedelta(seconds=60))
        config = resolve(Task(dataset.task_type), {"preset": "quick"})
        job = Job(
            token=values.pop("token", None) or tokens.new_token(),
            dataset=dataset,
            **{
                "task_type": dataset.task_type,
                "task_name": f"task {next(_number)}",
                "preset": "quick",
                "model_name": config.model,
                "config": config.to_json(),
            }
            | values,
        )
        # A test that has its rows from the database has no tokens to seal.
        if all(row is None or row.known_token for row in (job.dataset, job.continues)):
            job.seal_tokens()
        job.save()
        return job

    return make


@pytest.fixture
def server(db: None) -> Server:
    return Server.objects.create(name="local:test")


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Chooses what the child process does: see fake_trainer.py."""

    def choose(mode: str) -> None:
        monkeypatch.setenv("FAKE_TRAINER_MODE", mode)

    monkeypatch.setenv("FAKE_TRAINER_BUNDLE", str(text_bundle(tmp_path / "trained")))
    more = re.compile(rf"{child_environment.PASSED_ON.pattern}|FAKE_TRAINER_\w+")
    monkeypatch.setattr(child_environment, "PASSED_ON", more)
    monkeypatch.setattr(runner, "trainer_command", lambda: [sys.executable, str(FAKE_TRAINER)])
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.05)
    runner.STOPPING.clear()
    return choose
