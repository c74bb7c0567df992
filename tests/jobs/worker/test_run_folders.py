"""Run folders of jobs and of batches: what waits keeps them, what has ended or is gone does not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError

from jobs.models import Job
from jobs.states import JobStatus
from jobs.worker import run_folders

pytestmark = pytest.mark.django_db

Make = Callable[..., Job]


def made(root: Path, job: Job) -> Path:
    folder = run_folders.run_folder(root, job)
    folder.mkdir(parents=True)
    return folder


def test_a_waiting_row_keeps_its_folders(make_job: Make, tmp_path: Path) -> None:
    job = make_job()
    folder = made(tmp_path, job)
    assert not run_folders.forget_if_ended(tmp_path, job)
    assert folder.is_dir()


@pytest.mark.parametrize("gone", [True, False])
def test_those_of_an_ended_row_and_of_one_that_is_gone_go(make_job: Make, tmp_path: Path, gone: bool) -> None:
    job = make_job(status=JobStatus.CANCELLED)
    folder = made(tmp_path, job)
    if gone:
        Job.objects.all().delete()
    assert run_folders.forget_if_ended(tmp_path, job)
    assert not folder.parent.exists()


def test_a_database_that_is_away_removes_nothing(
    make_job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(status=JobStatus.CANCELLED)
    folder = made(tmp_path, job)

    def refuse(**_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(job, "refresh_from_db", refuse)
    assert not run_folders.forget_if_ended(tmp_path, job)
    assert folder.is_dir()


def test_earlier_attempts_come_in_their_order(make_job: Make, tmp_path: Path) -> None:
    job = make_job()
    for job.fence in (2, 10, 9, 11):
        folder = made(tmp_path, job)
    assert [path.name for path in run_folders.earlier_attempts(folder)] == ["2", "9", "10"]
