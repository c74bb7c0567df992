"""A restored site answers as the one before did; one that cannot be restored stays what it is."""

import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection

from flashsite.backup import bucket, rows
from flashsite.backup.archive import ROWS, SURROUNDINGS, Archive, Writer
from flashsite.backup.refusal import Refused
from jobs.models import Attempt, Checkpoint, Job, JobEvent
from jobs.states import JobStatus
from modelstore.models import TrainedModel
from tests.bundles import picture
from tests.flashsite.backup.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif("FLASH_TEST_POSTGRES" in os.environ, reason="about a database that is a file")


def test_the_restored_site_predicts_the_same_and_its_job_goes_on(
    tmp_path: Path,
    other: Site,
    make_backup: Callable[..., Path],
    make_job: Callable[..., Job],
    publish: Callable[..., TrainedModel],
    settings: Any,
    server: Any,
) -> None:
    pictures, sentences = publish("image", pinned=True), publish("shared", pinned=True)
    running = make_job(status=JobStatus.TRAINING, fence=1, attempt=1, progress=0.4)
    Attempt.objects.create(job=running, server=server, fence=1)
    JobEvent.objects.create(job=running, kind=JobEvent.Kind.LOG, message="half way there")
    told = other.restore(make_backup())
    assert "jobs: 1, models: 2, datasets: 1" in told
    assert "What was here before" not in told and not list(other.var.glob("before-restore-*"))

    (tmp_path / "red.png").write_bytes(picture("red"))
    commands = [
        ["predict", pictures.token, str(tmp_path / "red.png"), "--json"],
        ["predict", sentences.token, "a great day, but boring", "--json"],
        ["jobs", running.token, "--json"],
    ]
    ours = [json.loads(_called(*command)) for command in commands]
    assert ours[2]["status"] == "training" and ours[2]["events"][0]["message"] == "half way there"
    *theirs, swept = other.ask(_ASK, json.dumps(commands)).splitlines()
    assert [json.loads(line) for line in theirs] == ours
    # The worker is gone: the job waits for another try.
    assert "requeued: 1," in swept
    assert (other.var / "secret_key").read_text() == settings.SECRET_KEY
    assert (other.var / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (other.var / "media" / str(running.dataset.file.name)).is_file()


_ASK = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from jobs.upkeep.sweep import sweep
for command in json.loads(sys.argv[1]):
    call_command(*command)
print(sweep(now=timezone.now() + timedelta(minutes=5), thorough=False))
"""


def _called(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_bucket_is_restored_onto_a_disk(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel], s3: Any
) -> None:
    model = publish("text", pinned=True)
    archive = make_backup()
    ours = json.loads(_called("predict", model.token, "lovely", "--json"))
    other.restore(archive)
    assert other.told("predict", model.token, "lovely") == ours


def test_a_bucket_keeps_what_it_has(tmp_path: Path, s3: Any, settings: Any) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assert bucket.put(tmp_path / "a", "jobs/1/1/model.onnx")
    assert not bucket.put(tmp_path / "a", "jobs/1/1/model.onnx"), "the same is not stored twice"
    (tmp_path / "b").write_bytes(b"another")
    with pytest.raises(Refused, match=r"another file under jobs/1/1/model\.onnx"):
        bucket.put(tmp_path / "b", "jobs/1/1/model.onnx")
    bucket.take_back(["jobs/1/1/model.onnx"])
    assert s3.list_objects_v2(Bucket=settings.BUCKET)["KeyCount"] == 0


def test_a_site_with_data_is_left_alone_unless_told_otherwise(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel]
) -> None:
    publish("text", pinned=True)
    other.restore(make_backup())
    publish("text", pinned=True)
    both = make_backup("both")
    before = other.files()
    told = other.refused(both)
    assert "has data already (models: 1)" in told and "--replace" in told
    assert other.files() == before
    told = other.restore(both, "--replace")
    assert "models: 2" in told and "What was here before" in told
    if connection.vendor == "sqlite":
        kept = next(other.var.glob("before-restore-*"))
        assert (kept / "flash.sqlite3").is_file() and (kept / "media").is_dir()


def test_a_damaged_backup_changes_nothing(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel], tmp_path: Path
) -> None:
    model, archive = publish("text", pinned=True), make_backup()
    other.restore(archive)
    before = other.files()
    damaged = tmp_path / "damaged"
    content = archive.read_bytes()
    with tarfile.open(archive) as tar:
        place = tar.getmember(f"files/{model.storage_prefix}/model.onnx").offset_data + 20
    damaged.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    told = other.refused(damaged, "--replace")
    assert "model.onnx is not what was put in" in told and "Nothing was restored" in told
    assert other.files() == before


def test_a_backup_of_later_code_is_refused(
    other: Site, make_backup: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rows, "migrations", lambda: [["jobs", "0001_initial"], ["jobs", "9999_from_the_future"]]
    )
    told = other.refused(make_backup())
    assert "does not know jobs.9999_from_the_future. Upgrade the code" in told


@on_sqlite
def test_the_other_kind_of_database_is_refused(other: Site, make_backup: Callable[..., Path]) -> None:
    other.environment["DATABASE_URL"] = "postgres://nobody@localhost/nothing"
    assert "The backup is of sqlite, and this site uses postgresql" in other.refused(make_backup())


@on_sqlite
def test_rows_that_cannot_be_brought_up_to_date_change_nothing(
    tmp_path: Path, other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel]
) -> None:
    publish("text", pinned=True)
    archive, dump, odd = make_backup(), tmp_path / "dump", tmp_path / "odd"
    with Archive.open(archive) as found, odd.open("wb") as file:
        found.copy(ROWS, dump)
        with closing(sqlite3.connect(dump)) as database, database:
            database.execute("DELETE FROM django_migrations WHERE app = 'jobs'")
        writer = Writer(file)
        writer.add_file(ROWS, dump)
        writer.add_bytes(SURROUNDINGS, found.read(SURROUNDINGS))
        writer.finish(
            {name: fact for name, fact in found.facts.items() if name not in ("members", "version")}
        )
    assert "could not be brought up to date: " in other.refused(odd)
    assert {name for name in other.files() if "flash.sqlite3" not in name} == {"secret_key"}


@on_sqlite
def test_a_site_at_work_is_left_alone(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel]
) -> None:
    publish("text", pinned=True)
    archive = make_backup()
    other.var.mkdir()
    holder = sqlite3.connect(other.var / "flash.sqlite3")
    holder.execute("PRAGMA journal_mode=WAL")
    holder.execute("CREATE TABLE something (name)")
    assert "Stop web and workers" in other.refused(archive)
    holder.close()
    other.restore(archive)


@on_sqlite
def test_a_damaged_database_is_not_taken_for_an_empty_one(
    other: Site, make_backup: Callable[..., Path]
) -> None:
    archive = make_backup()
    other.var.mkdir()
    (other.var / "flash.sqlite3").write_bytes(b"was a database once" * 1000)
    assert "databases that cannot be read: 1" in other.refused(archive)
    other.restore(archive, "--replace")
    [kept] = other.var.glob("before-restore-*/flash.sqlite3")
    assert kept.read_bytes().startswith(b"was a database once")


@pytest.mark.postgres
def test_a_site_at_work_on_postgresql_is_left_alone(other: Site, make_backup: Callable[..., Path]) -> None:
    import psycopg

    archive = make_backup()
    facts = connection.settings_dict
    name = urlsplit(other.environment["DATABASE_URL"]).path.strip("/")
    host = facts["OPTIONS"].get("host") or facts["HOST"]
    other.restore(archive)
    with psycopg.connect(host=host, user=facts["USER"], dbname=name):
        assert "Stop web and workers" in other.refused(archive, "--replace")


def test_settings_of_the_time_are_handed_over(
    other: Site, make_backup: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("FLASH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLASH_METRICS_TOKEN", "secret words")
    monkeypatch.setenv("FLASH_MAX_EPOCHS", "77")
    archive = make_backup()
    other.environment["FLASH_MAX_EPOCHS"] = "77"
    told = other.restore(archive)
    assert "FLASH_METRICS_TOKEN" in told and "FLASH_MAX_EPOCHS" not in told and "secret words" not in told
    path = other.var / "settings-of-backup.env"
    assert path.read_text() == 'FLASH_METRICS_TOKEN="secret words"\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_rows_alone_say_which_files_are_not_there(
    other: Site, make_backup: Callable[..., Path], make_job: Callable[..., Job]
) -> None:
    job = make_job()
    Checkpoint.objects.create(job=job, fence=1, key="checkpoints/1/1.tar", sha256="", size_bytes=1)
    told = other.restore(make_backup("rows", "--without-files"))
    assert "Rows name files that are not there" in told and str(job.dataset.file.name) in told


_INTERRUPTED = """
import sys
import django
django.setup()
from pathlib import Path
from flashsite.backup import restoring

def interrupt(done, total):
    if done > total * 0.9:
        raise KeyboardInterrupt

def fail(*arguments, **options):
    raise RuntimeError

if sys.argv[2] == "migrations":
    restoring._migrate = fail
    interrupt = lambda done, total: None
try:
    restoring.restore(Path(sys.argv[1]), replace=True, progress=interrupt)
except (KeyboardInterrupt, RuntimeError):
    from django.db import connection
    print("undone", *sorted(connection.introspection.table_names()))
"""


def test_ctrl_c_in_the_middle_changes_nothing(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel]
) -> None:
    publish("text", pinned=True)
    assert other.ask(_INTERRUPTED, str(make_backup()), "middle").split() == ["undone"]
    assert {name for name in other.files() if "flash.sqlite3" not in name} == {"secret_key"}
    assert not (other.var / ".restoring").exists()


@pytest.mark.postgres
def test_migrations_that_fail_give_the_tables_back(
    other: Site, make_backup: Callable[..., Path], publish: Callable[..., TrainedModel]
) -> None:
    publish("text", pinned=True)
    archive = make_backup()
    assert other.ask(_INTERRUPTED, str(archive), "migrations").split() == ["undone"]
    other.restore(archive)
    assert "jobs_job" in other.ask(_INTERRUPTED, str(archive), "migrations").split()
    assert other.told("models")[0]["pinned"]
