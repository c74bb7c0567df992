"""Files without a row go, whichever death left them; the hourly look asks about few folders."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.models import Attempt, Dataset, Job, UploadSession
from jobs.states import JobStatus
from jobs.upkeep import orphans, sweep

pytestmark = pytest.mark.django_db


def stray(key: str, hours: float = 2) -> str:
    default_storage.save(key, ContentFile(b"x"))
    moment = (timezone.now() - timedelta(hours=hours)).timestamp()
    os.utime(default_storage.path(key), (moment, moment))
    return key


def today() -> str:
    return f"{timezone.now() - timedelta(hours=2):%Y%m%d}"


def tried(job: Job, outcome: str, hours: float = 2) -> Attempt:
    ended = timezone.now() - timedelta(hours=hours)
    return Attempt.objects.create(job=job, fence=1, outcome=outcome, started=ended, finished=ended)


def test_an_upload_that_died_before_its_row_goes_after_the_grace_time(
    make_dataset: Callable[..., Dataset],
) -> None:
    old = stray(f"datasets/{today()}/stray")
    fresh = stray(f"datasets/{today()}/fresh", hours=0.5)
    known = make_dataset().file.name
    moment = (timezone.now() - timedelta(hours=2)).timestamp()
    os.utime(default_storage.path(known), (moment, moment))
    assert orphans.remove_recent(timezone.now()) == 1
    assert [default_storage.exists(key) for key in (old, fresh, known)] == [False, True, True]


def test_a_bundle_whose_publication_failed_goes(make_job: Callable[..., Job]) -> None:
    job = make_job()
    tried(job, JobStatus.QUEUED)
    bundle = stray(f"jobs/{job.pk}/1/model.onnx")
    early = stray(f"jobs/{job.pk}/1-early/model.onnx")
    assert orphans.remove_recent(timezone.now()) == 2
    assert not default_storage.exists(bundle)
    assert not default_storage.exists(early)


def test_a_bundle_of_a_try_that_may_still_publish_stays(make_job: Callable[..., Job]) -> None:
    job = make_job()
    tried(job, JobStatus.QUEUED, hours=0.5)
    stray(f"jobs/{job.pk}/1/model.onnx")
    assert orphans.remove_recent(timezone.now()) == 0


def test_the_hourly_look_asks_only_about_tries_without_a_model(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        tried(make_job(status=JobStatus.DEPLOYED), JobStatus.DEPLOYED)
    failed = make_job(status=JobStatus.FAILED, error="It crashed.")
    tried(failed, JobStatus.FAILED)
    asked: list[str] = []
    monkeypatch.setattr(orphans.files, "walk", lambda folder: asked.append(folder) or [])
    orphans.remove_recent(timezone.now())
    assert [folder for folder in asked if folder.startswith("jobs")] == [f"jobs/{failed.pk}"]
    assert all(folder.split("/")[0] in ("datasets", "batch-uploads", "jobs") for folder in asked)


def test_a_file_that_an_unfinished_upload_names_stays(db: None) -> None:
    key = stray(f"datasets/{today()}/sent")
    UploadSession.objects.create(
        token_digest="t", task_type="textclassification", name="x.csv", size_bytes=1,
        method=UploadSession.Method.values[0], key=key, part_bytes=1,
    )  # fmt: skip
    assert orphans.remove_recent(timezone.now()) == 0


def test_the_sweep_looks_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[datetime] = []
    monkeypatch.setattr(orphans, "remove_recent", lambda now: looks.append(now) or 0)
    start = datetime(2026, 1, 1, 10, 58, tzinfo=UTC)
    for minute in range(6):
        sweep.sweep(now=start + timedelta(minutes=minute))
    assert looks == [datetime(2026, 1, 1, 11, 0, tzinfo=UTC)]
