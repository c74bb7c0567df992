"""What an earlier version left behind works on: rows, files, predictions, pages, waiting jobs."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flashsite.backup.archive import FILES, ROWS, SURROUNDINGS, Writer

ROOT = Path(__file__).resolve().parents[2]
EARLIER = Path(__file__).with_name("b32cf41")
RECORDED = json.loads((EARLIER / "answers.json").read_text())

_ASK = """
import json, sys
import django
django.setup()
from django.test import Client
client = Client(HTTP_HOST="localhost")
answers = []
for path, body in json.load(sys.stdin):
    asked = client.get(path) if body is None else client.post(path, body, content_type="application/json")
    content = b"".join(asked) if asked.streaming else asked.content
    answers.append([asked.status_code, content.decode("utf-8", "replace")])
json.dump(answers, sys.stdout)
"""


class Upgraded:
    """A folder as the earlier version left it, and today's code on it."""

    def __init__(self, var: Path, *, empty: bool = False) -> None:
        self.var = var
        var.mkdir()
        if not empty:
            with closing(sqlite3.connect(var / "flash.sqlite3")) as database:
                database.executescript((EARLIER / "rows.sql").read_text())
            shutil.copytree(EARLIER / "media", var / "media")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLASH_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "flashsite.settings",
            "FLASH_VAR_DIR": str(var),
        }

    def run(self, *words: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *requests: tuple[str, Any]) -> list[tuple[int, str]]:
        """Statuses and contents of today's answers."""
        return [tuple(answer) for answer in json.loads(self.run("-c", _ASK, given=json.dumps(requests)))]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """For tests that only look."""
    site = Upgraded(tmp_path_factory.mktemp("upgrade") / "var")
    site.run("manage.py", "migrate", "--verbosity", "0")
    site.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return site


def test_predictions_are_the_same(upgraded: Upgraded) -> None:
    recorded = RECORDED["predictions"]
    answers = upgraded.ask(*[(one["path"], {"inputs": one["inputs"]}) for one in recorded])
    for one, (status, content) in zip(recorded, answers, strict=True):
        assert status == 200, content
        now, then = json.loads(content)["predictions"], one["answer"]["predictions"]
        assert [p["label"] for p in now] == [p["label"] for p in then]
        for today, earlier in zip(now, then, strict=True):
            assert today["top"] == [pytest.approx(pair, abs=1e-6) for pair in earlier["top"]]


def missing(then: Any, now: Any, place: str = "") -> list[str]:
    """Where today's answer lacks something of the earlier one, or says something else."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            line
            for name, value in then.items()
            for line in (
                missing(value, now[name], f"{place}.{name}") if name in now else [f"{place}.{name} is gone"]
            )
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            line
            for index, value in enumerate(then)
            for line in missing(value, now[index], f"{place}[{index}]")
        ]
    if isinstance(then, float) and isinstance(now, float | int):
        return [] if now == pytest.approx(then) else [f"{place}: {then} became {now}"]
    return [] if then == now else [f"{place}: {then!r} became {now!r}"]


def test_the_api_says_what_it_said(upgraded: Upgraded) -> None:
    recorded = RECORDED["json"]
    answers = upgraded.ask(*[(path, None) for path in recorded])
    differences = []
    for (path, then), (status, content) in zip(recorded.items(), answers, strict=True):
        assert status == 200, content
        now = json.loads(content)
        if "queue_position" in then:
            # Of a waiting job nothing was told before decision 100.
            assert then.pop("eta_seconds") is None
        differences += [f"{path}{line}" for line in missing(then, now)]
    assert differences == []


def test_pages_show_what_they_showed(upgraded: Upgraded) -> None:
    pages = RECORDED["pages"]
    answers = upgraded.ask(*[(path, None) for path in pages])
    for (path, then), (status, content) in zip(pages.items(), answers, strict=True):
        assert status == then, path
        if told := RECORDED["json"].get(f"/api/v1{path}"):
            shown = [told[name] for name in ("task_name", "name") if told.get(name)]
            assert all(text in content for text in shown), (path, shown)


def test_results_of_a_batch_are_the_same(upgraded: Upgraded) -> None:
    [(status, content)] = upgraded.ask((RECORDED["results"]["path"], None))
    assert (status, content) == (200, RECORDED["results"]["csv"])


def test_the_admin_lists_the_rows(upgraded: Upgraded) -> None:
    told = upgraded.run(
        "manage.py",
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth.models import User; from django.test import Client\n"
        "client = Client(HTTP_HOST='localhost'); client.force_login(User.objects.get(username='operator'))\n"
        "from jobs.models import Job\n"
        "pages = ['/admin/', '/admin/jobs/job/', '/admin/jobs/dataset/', '/admin/modelstore/trainedmodel/']\n"
        "pages += [f'/admin/jobs/job/{pk}/change/' for pk in Job.objects.values_list('pk', flat=True)]\n"
        "print([client.get(page).status_code for page in pages])",
    )
    assert set(json.loads(told)) == {200}


def archived(tmp_path: Path, key: str) -> Path:
    """The earlier site as today's backup would have it; one of its jobs was sent with an API key."""
    with closing(sqlite3.connect(tmp_path / "rows")) as database, database:
        database.executescript((EARLIER / "rows.sql").read_text())
        database.execute("UPDATE jobs_job SET api_key_id = 1 WHERE id = 1")
        migrations = [list(row) for row in database.execute("SELECT app, name FROM django_migrations")]
    with (tmp_path / "backup").open("wb") as file:
        writer = Writer(file)
        for path in sorted((EARLIER / "media").rglob("*")):
            if path.is_file():
                writer.add_file(f"{FILES}{path.relative_to(EARLIER / 'media')}", path)
        writer.add_file(ROWS, tmp_path / "rows")
        writer.add_bytes(SURROUNDINGS, json.dumps({"secret_key": key, "environment": {}}).encode())
        facts = {"made": "2026-11-22T00:00:00+00:00", "database": "sqlite", "files": "copied"}
        writer.finish(facts | {"migrations": migrations, "missing": [], "counts": {}})
    return tmp_path / "backup"


def test_a_backup_of_then_is_restored_with_its_key(tmp_path: Path) -> None:
    site = Upgraded(tmp_path / "var", empty=True)
    site.run("manage.py", "restore", str(archived(tmp_path, "the key of then")))
    assert (site.var / "secret_key").read_text() == "the key of then"
    one = RECORDED["predictions"][0]
    [(status, content)] = site.ask((one["path"], {"inputs": one["inputs"]}))
    assert status == 200 and [p["label"] for p in json.loads(content)["predictions"]] == [
        p["label"] for p in one["answer"]["predictions"]
    ]
    told = site.run("manage.py", "shell", "-v0", "-c", _SEALED)
    assert told.strip() == one["path"].split("/")[4], "sealed by the migrations, and opened with the same key"


_SEALED = """
from jobs.models import Job
from modelstore.ground import sealing
print(sealing.unseal(Job.objects.get(pk=1).sealed_token, sealing.site_key()))
"""


@pytest.mark.slow
def test_a_job_that_waited_is_trained(tmp_path: Path) -> None:
    site = Upgraded(tmp_path / "var")
    site.run("manage.py", "migrate", "--verbosity", "0")
    told = site.run(
        "manage.py",
        "shell",
        "-v0",
        "-c",
        "from jobs.worker import runner; from jobs.models import Job\n"
        "from datetime import timedelta; from django.conf import settings\n"
        "settings.FLASH_SPARE_TRAINER = timedelta(0)\n"
        "waiting = Job.objects.get(status='queued').pk\n"
        "print(runner.run_next(), Job.objects.get(pk=waiting).status)",
    )
    assert told.split() == ["True", "deployed"]
