"""A backup has every file that one of its rows names, whatever happens meanwhile."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connections

from flashsite.backup import making, rows
from flashsite.backup.archive import ROWS, SURROUNDINGS, Archive
from flashsite.backup.making import make
from flashsite.backup.refusal import Refused
from jobs.datasets import dataset_store
from jobs.models import BatchPrediction, Checkpoint, Dataset, Job
from jobs.states import BatchStatus, JobStatus
from modelstore.bundles import store
from modelstore.ground.tokens import digest
from modelstore.models import SharedPart, TrainedModel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snapshots")]


def names_of(archive: Path, tmp_path: Path) -> tuple[set[str], set[str]]:
    """Files and folders that the rows of an archive name."""
    target = tmp_path / "rows-of-the-archive"
    target.unlink(missing_ok=True)
    with Archive.open(archive) as found:
        found.copy(ROWS, target)
    with closing(sqlite3.connect(target)) as database:
        files = {row[0] for row in database.execute("SELECT file FROM jobs_dataset")}
        folders = {row[0] for row in database.execute("SELECT storage_prefix FROM modelstore_trainedmodel")}
    return files, folders


def keys_of(archive: Path) -> set[str]:
    with Archive.open(archive) as found:
        return set(found.stored())


def test_everything_that_rows_name_is_in_it(
    make_backup: Callable[..., Path], make_job: Callable[..., Job], publish: Callable[..., TrainedModel]
) -> None:
    job, model = make_job(status=JobStatus.TRAINING, fence=1), publish("shared")
    for key in (
        "checkpoints/1/1-x.tar",
        "batches/9/1/results.csv",
        "batch-uploads/20260101/b",
        "jobs/99/1/stray",
    ):
        default_storage.save(key, ContentFile(b"x" * 10))
    Checkpoint.objects.create(job=job, fence=1, key="checkpoints/1/1-x.tar", sha256="", size_bytes=10)
    batch = {"kind": "table", "name": "b", "size_bytes": 1, "model": model}
    for number, more in enumerate(
        [{"file": "batch-uploads/20260101/b"}, {"status": BatchStatus.DONE, "results_prefix": "batches/9/1"}]
    ):
        BatchPrediction.objects.create(token_digest=digest(f"b{number}"), **batch, **more)
    default_storage.save(SharedPart.objects.create(sha256="0" * 64, size_bytes=1).key, ContentFile(b"x"))
    path = make_backup()
    named = {
        str(job.dataset.file.name),
        "checkpoints/1/1-x.tar",
        "batches/9/1/results.csv",
        "batch-uploads/20260101/b",
    }
    bundle = {f"{model.storage_prefix}/{name}" for name in (*model.manifest["files"], "model.json")}
    bundle |= {part.key for part in model.shared_parts.all()}
    assert keys_of(path) == named | bundle
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    with Archive.open(path) as found:
        assert found.facts["counts"]["jobs"] == 1 and found.facts["missing"] == []
        assert ["jobs", "0001_initial"] in found.facts["migrations"]


@pytest.mark.skipif("FLASH_TEST_POSTGRES" in os.environ, reason="reads the rows of the archive with sqlite3")
def test_what_goes_and_comes_meanwhile(
    tmp_path: Path,
    make_dataset: Callable[..., Dataset],
    publish: Callable[..., TrainedModel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A training ends, a model is deleted, an upload comes and goes: after the bulk, and after the first snapshot."""
    early, doomed, stays = make_dataset(), publish("text"), publish("image")
    real, seen = rows.snapshot, []

    @contextmanager
    def snapshot(work: Path) -> Iterator[Any]:
        if not seen:
            # Copied already, and gone before the rows are.
            dataset_store.discard(early)
            store.delete_model(doomed)
            seen.append(make_dataset())
            seen.append(publish("text"))
        with real(work) as found:
            if len(seen) == 2:
                # Named by these rows, and gone before they are copied.
                dataset_store.discard(seen[0])
                store.delete_model(seen[1])
                seen.append(make_dataset())
            yield found

    monkeypatch.setattr(making.rows, "snapshot", snapshot)
    made = make(tmp_path / "backup")
    assert made.missing == []
    files, folders = names_of(made.path, tmp_path)
    assert files == {str(seen[2].file.name)}
    assert folders == {stays.storage_prefix}
    keys = keys_of(made.path)
    assert files <= keys and f"{stays.storage_prefix}/model.onnx" in keys


def test_a_folder_that_is_half_deleted_while_it_is_copied_is_not_taken_for_whole(
    tmp_path: Path, publish: Callable[..., TrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, state = rows.snapshot, {"rounds": 0}
    models: list[TrainedModel] = []

    @contextmanager
    def snapshot(work: Path) -> Iterator[Any]:
        state["rounds"] += 1
        if state["rounds"] == 1:
            models.append(publish("text"))
        with real(work) as found:
            if state["rounds"] == 1:
                default_storage.delete(f"{models[0].storage_prefix}/model.onnx")
                store.delete_model(models[0])
            yield found

    monkeypatch.setattr(making.rows, "snapshot", snapshot)
    made = make(tmp_path / "backup")
    assert state["rounds"] == 2 and made.counts["models"] == 0


def test_files_that_are_gone_for_good_are_told(
    tmp_path: Path, make_dataset: Callable[..., Dataset], publish: Callable[..., TrainedModel], capsys: Any
) -> None:
    dataset, model = make_dataset(), publish("text")
    default_storage.delete(str(dataset.file.name))
    call_command("backup", str(tmp_path / "backup"), verbosity=0)
    assert str(dataset.file.name) in capsys.readouterr().err
    assert f"{model.storage_prefix}/model.onnx" in keys_of(tmp_path / "backup")


def test_a_site_that_never_rests_is_told_so(
    tmp_path: Path, make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rows.snapshot

    @contextmanager
    def snapshot(work: Path) -> Iterator[Any]:
        dataset = make_dataset()
        with real(work) as found:
            dataset_store.discard(dataset)
            yield found

    monkeypatch.setattr(making.rows, "snapshot", snapshot)
    with pytest.raises(Refused, match="Try again later"):
        make(tmp_path / "backup")
    assert not list(tmp_path.glob("*backup*")) and not list(tmp_path.glob(".backup*"))


def test_files_of_a_bucket_are_copied(make_backup: Callable[..., Path], s3: Any, publish: Any) -> None:
    model = publish("image")
    assert f"{model.storage_prefix}/model.onnx" in keys_of(make_backup())
    assert keys_of(make_backup("rows-alone", "--without-files")) == set()


def test_the_key_and_the_settings_are_in_it_and_addresses_are_not(
    make_backup: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("FLASH_EMAIL_PASSWORD", "letmein")
    monkeypatch.setenv("FLASH_VAR_DIR", "/somewhere")
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@host/0")
    with Archive.open(make_backup()) as found:
        told = json.loads(found.read(SURROUNDINGS))
    assert told["secret_key"] == settings.SECRET_KEY
    assert told["environment"]["FLASH_EMAIL_PASSWORD"] == "letmein"
    assert "FLASH_VAR_DIR" not in told["environment"] and "hidden" not in json.dumps(told)


def test_ctrl_c_leaves_nothing(tmp_path: Path, publish: Callable[..., TrainedModel]) -> None:
    publish("image")

    def interrupt(done: int, total: int) -> None:
        if done > 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "backup", progress=interrupt)
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]
    assert rows.ALIAS not in connections.databases


def test_what_a_killed_one_left_is_in_nobodys_way(
    tmp_path: Path, publish: Callable[..., TrainedModel]
) -> None:
    publish("text")
    (tmp_path / ".backup.partial").write_bytes(b"half" * 100_000)
    (tmp_path / ".backup.work").mkdir()
    (tmp_path / ".backup.work" / "dump").write_bytes(b"old")
    assert make(tmp_path / "backup").bytes == (tmp_path / "backup").stat().st_size
    assert not list(tmp_path.glob(".backup*"))


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    with making._partial(tmp_path / "backup"), pytest.raises(Refused, match="Another backup"):
        make(tmp_path / "backup")


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("precious")
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "backup"))
    assert (tmp_path / "backup").read_text() == "precious"
    call_command("backup", str(tmp_path / "backup"), "--force", verbosity=0)
    assert (tmp_path / "backup").stat().st_size > 1000


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path, settings: Any) -> None:
    settings.FLASH_DISK_RESERVE = 10**18
    with pytest.raises(Refused, match="has room for 0 MB"):
        make(tmp_path / "backup")
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]


@pytest.mark.postgres
def test_missing_programs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match=r"pg_dump not found\. Install PostgreSQL's client programs"):
        make(tmp_path / "backup")
