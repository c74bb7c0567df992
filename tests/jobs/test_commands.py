"""manage.py: train, tick, platform_status."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Dataset, Job, PlatformStatus
from jobs.states import JobStatus
from jobs.worker import runner
from tests.jobs.conftest import CSV
from tests.published import opens


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "my things_2.csv"
    path.write_bytes(CSV)
    return str(path)


@pytest.mark.django_db
def test_train_prints_the_token_of_a_waiting_job(table: str) -> None:
    out = run("train", table, "--preset", "balanced", "--epochs", "2", "--no-wait")
    job = Job.objects.get()
    word, token = out.split()
    assert word == "token" and opens(token, job)
    assert (job.task_name, job.status, job.config["epochs"]) == ("my things 2", JobStatus.QUEUED, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("mode", "ends"), [("train", JobStatus.DEPLOYED), ("bad data", JobStatus.FAILED)])
def test_train_waits_for_the_end(
    table: str, trainer: Callable, mode: str, ends: JobStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(mode)
    # What the worker would do meanwhile.
    monkeypatch.setattr("jobs.management.commands.train.time.sleep", lambda seconds: runner.run_next())
    if ends == JobStatus.FAILED:
        with pytest.raises(CommandError, match="unreadable"):
            run("train", table, "--wait")
    else:
        assert "accuracy 0." in run("train", table, "--wait")
    assert Job.objects.get().status == ends


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("others", "words"), [(1, "another job trains, and this one is number 1"), (0, "Is a worker running")]
)
def test_train_says_why_it_waits(
    table: str, make_job: Any, monkeypatch: pytest.MonkeyPatch, others: int, words: str
) -> None:
    for _ in range(others):
        make_job(status="training")
    waits = iter([None, KeyboardInterrupt()])

    def wait(seconds: float) -> None:
        if stop := next(waits):
            raise stop

    monkeypatch.setattr("jobs.management.commands.train.time.sleep", wait)
    monkeypatch.setattr("jobs.management.commands.train._IDLE_SECONDS", -1)
    told = StringIO()
    with pytest.raises(CommandError, match="The job goes on"):
        call_command("train", table, "--wait", stderr=told, stdout=StringIO())
    assert words in told.getvalue()


@pytest.mark.django_db(transaction=True)
def test_train_leaves_the_job_alone_when_it_is_interrupted(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jobs.management.commands.train.time.sleep", interrupt)
    with pytest.raises(CommandError, match="The job goes on") as stopped:
        run("train", table, "--lane", "next_start", "--max-minutes", "5")
    assert stopped.value.returncode == 130
    job = Job.objects.get()
    assert (job.status, job.lane) == (JobStatus.QUEUED, "next_start")
    assert opens(str(stopped.value).split()[-1], job)


@pytest.mark.django_db(transaction=True)
def test_train_answers_json_for_programs(
    table: str, trainer: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("train")
    monkeypatch.setattr("jobs.management.commands.train.time.sleep", lambda seconds: runner.run_next())
    answer = json.loads(run("train", table, "--wait", "--json"))
    assert answer["status"] == "deployed"
    assert opens(answer["token"], Job.objects.get())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv"], "not a file"),
        (["--learning-rate", "7"], "--learning-rate"),
        (["--name", "\u200b"], "--task-name"),
        (["--name", "two\nlines"], "--task-name"),
        (["--model", "resnet18"], "--model"),
    ],
)
def test_train_says_what_is_wrong(table: str, arguments: list[str], words: str) -> None:
    call = arguments if arguments[0] == "missing.csv" else [table, *arguments]
    with pytest.raises(CommandError, match=words):
        run("train", *call)
    assert not Dataset.objects.exists()


@pytest.mark.django_db
def test_platform_status_shows_and_sets_the_switches() -> None:
    assert "sleeping" in run("platform_status")
    answer = json.loads(
        run("platform_status", "--dev-mode", "on", "--queue-limit", "0", "--notice", "Soon", "--json")
    )
    assert (answer["dev_mode"], answer["accepting"], answer["notice"]) == (True, False, "Soon")
    assert PlatformStatus.objects.get().queue_limit == 0
    assert json.loads(run("platform_status", "--dev-mode", "off", "--json"))["dev_mode"] is False


@pytest.mark.django_db
def test_tick_says_what_it_did() -> None:
    assert "requeued: 0" in run("tick")


OPEN = "Told us,Branch,Matter\n" + "".join(
    f"My matter number {i} is what I write about,{('north', 'south')[i // 3 % 2]},"
    f"{('parcel', 'refund', 'praise')[i % 3]}\n"
    for i in range(30)
)


@pytest.mark.django_db
def test_train_asks_in_words_and_takes_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text(OPEN)
    with pytest.raises(CommandError, match=r"--label-column: .*Matter.*\n.*--accept-guesses"):
        run("train", str(path), "--no-wait")
    assert not Dataset.objects.exists()
    run("train", str(path), "--no-wait", "--accept-guesses")
    run("train", str(path), "--no-wait", "--label-column", "Matter", "--classes", '{"praise": ""}')
    assert [entry["label"] for entry in Job.objects.latest("created").dataset.classes] == ["parcel", "refund"]
