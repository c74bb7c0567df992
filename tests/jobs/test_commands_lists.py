"""manage.py: jobs, export_status; exit codes and JSON of all."""

import json
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class

from jobs.models import Job, PlatformStatus
from jobs.states import JobStatus
from modelstore.ground.commands import FAILED, NOT_NOW, NOT_THERE
from modelstore.models import CleanupPolicy
from tests.jobs.test_commands import run
from tests.jobs.web.test_first_flash import WORDS
from tests.modelstore.conftest import Publish, publish  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
COMMANDS = {
    "jobs": ["train", "predict", "jobs", "platform_status", "export_status"],
    "modelstore": ["download", "models", "prune_models", "api_keys"],
}


def refused(*arguments: str, code: int) -> dict[str, Any]:
    """The JSON of a refusal, and the exit code that went with it."""
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments, stdout=out)
    assert refusal.value.returncode == code
    document: dict[str, Any] = json.loads(out.getvalue())["error"]
    assert document["detail"]
    return document


def test_jobs_are_listed_newest_first(make_job: Callable[..., Job]) -> None:
    old, failed = make_job(), make_job(status=JobStatus.FAILED, error="It crashed.")
    lines = run("jobs").splitlines()
    assert [line.split()[0] for line in lines] == ["ID", str(failed.pk), str(old.pk)]
    assert [job["id"] for job in json.loads(run("jobs", "--status", "active", "--json"))] == [old.pk]
    assert len(json.loads(run("jobs", "--limit", "1", "--json"))) == 1
    assert "no such jobs" in run("jobs", "--status", "deployed")


def test_a_job_is_told_cancelled_and_tried_again(make_job: Callable[..., Job]) -> None:
    job = make_job()
    job.events.create(kind="log", message="hello")
    job.epochs.create(epoch=1, val_accuracy=0.5)
    told = json.loads(run("jobs", job.token, "--json"))
    assert (told["training"]["token"], told["epochs"][0]["val_accuracy"]) == (job.token, 0.5)
    assert told["events"][0]["message"] == "hello"
    assert "hello" in run("jobs", job.token)
    assert json.loads(run("jobs", job.token, "--cancel", "--json"))["status"] == "cancelled"
    assert json.loads(run("jobs", job.token, "--retry", "--json"))["status"] == "queued"
    assert refused("jobs", job.token, "--retry", "--json", code=FAILED)["code"] == "conflict"


def test_a_job_is_named_by_its_number_too(make_job: Callable[..., Job]) -> None:
    job = make_job()
    told = json.loads(run("jobs", str(job.pk), "--cancel", "--json"))
    assert (told["id"], told["status"], told["training"]["token"]) == (job.pk, "cancelled", "")
    assert f"id           {job.pk}" in run("jobs", str(job.pk))
    assert refused("jobs", str(job.pk + 1), "--json", code=NOT_THERE)["code"] == "job_not_found"


def test_the_four_documents_of_the_first_flash(
    make_job: Callable[..., Job],
    publish: Publish,  # noqa: F811
    tmp_path: Path,
) -> None:
    CleanupPolicy.objects.create(pk=1, active=False)
    model = publish("text")
    job = make_job(status=JobStatus.TRAINING)
    run("export_status", "--folder", str(tmp_path / "old"))
    documents = {path.name: json.loads(path.read_text()) for path in (tmp_path / "old").iterdir()}
    assert documents == json.loads(run("export_status", "--json"))
    assert documents["status.json"] == {
        "status": "active",
        "token": "",
        "task_type": job.task_type,
        "dev_mode": False,
    }
    assert documents["cleanup.json"] == {"status": "sleeping"}
    assert set(documents["training.json"]) == WORDS
    assert documents["training.json"]["num_classes"] == 2
    entry = documents["inference.json"][str(model.pk)]
    assert set(entry) == {
        "task_type", "model_filename", "model_filename_onnx", "classes", "downloadable", "accuracy", "accuracy_plot",
        "created",
    }  # fmt: skip
    assert entry["model_filename"].endswith("/model.pt")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "old").iterdir()} == {0o600}


def test_documents_of_an_empty_platform() -> None:
    documents = json.loads(run("export_status"))
    assert documents["status.json"]["status"] == "sleeping"
    assert (documents["training.json"], documents["inference.json"]) == ({}, {})
    assert documents["cleanup.json"] == {"status": "active"}


def test_refusals_have_their_exit_code(tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text("input,label\nhello,a\nworld,a\n")
    assert refused("jobs", "nothing", "--json", code=NOT_THERE)["code"] == "job_not_found"
    assert refused("download", "nothing", "--json", code=NOT_THERE)["code"] == "model_not_found"
    assert refused("train", str(table), "--json", code=FAILED)["code"]
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    assert refused("train", str(table), "--json", code=NOT_NOW)["code"] == "dev_mode"


@pytest.mark.parametrize(("app", "name"), [(app, name) for app, names in COMMANDS.items() for name in names])
def test_every_command_tells_its_exit_codes_and_answers_json(app: str, name: str) -> None:
    help_text = load_command_class(app, name).create_parser("manage.py", name).format_help()
    assert "--json" in help_text
    assert "Exit codes: 0 done" in " ".join(help_text.split())
