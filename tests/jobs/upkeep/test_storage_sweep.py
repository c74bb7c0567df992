"""Files without rows and rows without files, on disk and in a bucket."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from jobs.models import Alert, Checkpoint, Dataset, Job, UploadSession
from jobs.resumable import bucket_parts, disk_pieces, upload_sessions
from jobs.upkeep import storage_sweep
from jobs.upkeep.storage_sweep import GRACE, Report, sweep_storage
from modelstore.bundles import store
from modelstore.bundles.shared_parts import KEPT
from modelstore.lifetime import deletion_guard
from modelstore.lifetime.deletion_guard import Allowance
from modelstore.models import SharedPart, TrainedModel
from tests.bundles import shared_bundle, text_bundle
from tests.published import create_model
from tests.tasks import Task

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["disk", "bucket"], autouse=True)
def storage(request: pytest.FixtureRequest, settings: Any) -> str:
    if request.param == "bucket":
        settings.FLASH_DIRECT_UPLOADS = True
        request.getfixturevalue("s3")
        bucket_parts._client_for.cache_clear()
    return str(request.param)


def later(**values: Any) -> Report:
    """The sweep when all that is there now has grown old."""
    return sweep_storage(now=timezone.now() + GRACE + timedelta(minutes=1), **values)


def stray(key: str) -> str:
    return default_storage.save(key, ContentFile(b"x" * 10))


@pytest.fixture
def model(db: None, tmp_path: Any) -> TrainedModel:
    folder = text_bundle(tmp_path / "bundle")
    store.upload_bundle(folder=folder, prefix="jobs/5/1")
    return create_model(token="t" * 22, prefix="jobs/5/1", folder=folder, task_name="five", downloadable=True)


def test_only_old_files_that_no_row_names_go(make_job: Callable[..., Job], model: TrainedModel) -> None:
    job = make_job()
    kept = [
        stray("checkpoints/1-1-x.tar"),
        stray("elsewhere/file"),
        job.dataset.file.name,
        "jobs/5/1/model.onnx",
    ]
    Checkpoint.objects.create(job=job, fence=1, key=kept[0], sha256="", size_bytes=10)
    names = ["datasets/20260101/a", "jobs/7/1/model.onnx", "jobs/5/2/model.onnx", "checkpoints/2-1-y.tar",
             "batch-uploads/20260101/b", "batches/3/1/results.csv"]  # fmt: skip
    strays = [stray(name) for name in names]
    assert not sweep_storage(now=timezone.now()).files, "young ones may belong to a row to come"
    dry = later(dry_run=True)
    assert sorted(dry.files) == sorted(strays)
    assert all(default_storage.exists(key) for key in strays)
    report = later()
    assert (sorted(report.files), report.bytes) == (sorted(strays), 60)
    assert not any(default_storage.exists(key) for key in strays)
    assert all(default_storage.exists(key) for key in kept)
    assert later() == Report(), "nothing is left to do, and no row was touched"


def test_rows_without_files_are_found(make_job: Callable[..., Job], model: TrainedModel) -> None:
    waiting, forgotten = make_job(), make_job()
    Job.objects.filter(pk=forgotten.pk).delete()
    for dataset in (waiting.dataset, forgotten.dataset):
        default_storage.delete(dataset.file.name)
    Checkpoint.objects.create(job=waiting, fence=1, key="checkpoints/gone", sha256="", size_bytes=1)
    for name in ("model.json", "model.onnx"):
        default_storage.delete(f"jobs/5/1/{name}")
    assert len(later(dry_run=True).datasets) == 2
    assert (Dataset.objects.count(), Checkpoint.objects.count(), Alert.objects.count()) == (2, 1, 0)
    report = later()
    assert (len(report.datasets), report.checkpoints, report.models) == (
        2,
        ["checkpoints/gone"],
        ["jobs/5/1"],
    )
    assert Dataset.objects.get() == waiting.dataset, "its job fails with a sentence"
    assert not Checkpoint.objects.exists()
    assert TrainedModel.objects.count() == 1, "nothing that was published goes by itself"
    assert Alert.objects.get().kind == "files"


def test_what_models_share_goes_with_the_last_of_them(tmp_path: Any) -> None:
    models = []
    for name in ("one", "two"):
        folder = shared_bundle(tmp_path / name)
        store.upload_bundle(folder=folder, prefix=f"jobs/{name}/1")
        models.append(
            create_model(
                token=name * 8, prefix=f"jobs/{name}/1", folder=folder, task_name=name, downloadable=True
            )
        )
    keys = {part.key for part in SharedPart.objects.all()}
    strays = {stray("shared/" + "0" * 64), stray("shared/half a file.partial"), stray(f"shared/a/{'1' * 64}")}
    long_after = timezone.now() + KEPT + timedelta(minutes=1)
    assert not sweep_storage(now=timezone.now()).files
    assert set(sweep_storage(now=long_after).files) == strays
    store.bury(tombstone=store.retire(model=models[0]))
    assert sweep_storage(now=long_after) == Report()
    store.bury(tombstone=store.retire(model=models[1]))
    assert later() == Report(), "an upload may have just looked whether it is there"
    assert set(sweep_storage(now=long_after, dry_run=True).files) == keys
    assert all(default_storage.exists(key) for key in keys)
    assert set(sweep_storage(now=long_after).files) == keys
    assert not any(default_storage.exists(key) for key in keys)
    assert not SharedPart.objects.exists()


def test_what_models_share_and_is_gone_is_told(tmp_path: Any) -> None:
    folder = shared_bundle(tmp_path / "bundle")
    store.upload_bundle(folder=folder, prefix="jobs/5/1")
    create_model(token="t" * 22, prefix="jobs/5/1", folder=folder, task_name="five", downloadable=True)
    SharedPart.objects.create(sha256="0" * 64, size_bytes=1, wanted=timezone.now() - 2 * KEPT)
    lost = SharedPart.objects.needed().order_by("pk")[0]
    default_storage.delete(lost.key)
    assert later(dry_run=True).shared == [lost.key]
    assert not Alert.objects.exists()
    assert later().shared == [lost.key]
    alert = Alert.objects.get()
    assert alert.kind == "shared_files" and lost.key in alert.message
    assert SharedPart.objects.count() == 4, "a row that nobody needs goes, one that a model needs stays"


def test_of_what_models_share_no_more_goes_at_once_than_of_all(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(storage_sweep, "MOST_FILES", 2)
    for number in range(4):
        stray(f"shared/{number:064}")
    report = later()
    assert (len(report.files), report.is_cut_short) == (2, True)


def test_pieces_of_uploads_without_rows_go(storage: str) -> None:
    kept, lost = (upload_sessions.begin(task_type=Task.TEXT, name="a.csv", size=100) for _ in range(2))
    UploadSession.objects.filter(pk=lost.pk).delete()
    assert later(dry_run=True).uploads == [lost.key]
    assert later().uploads == [lost.key]
    assert later().uploads == []
    if storage == "disk":
        assert disk_pieces.path_of(kept.key).exists()
    else:
        assert [key for key, _, _ in bucket_parts.unfinished("datasets/")] == [kept.key]


def test_a_wrong_database_does_not_empty_the_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_sweep, "MOST_FILES", 2)
    for number in range(4):
        stray(f"jobs/{number}/1/model.onnx")
    report = later()
    assert (len(report.files), report.is_cut_short) == (2, True)


def test_the_command_tells_and_changes_nothing_in_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stray("datasets/20260101/a")
    monkeypatch.setattr(deletion_guard, "allowance", lambda: Allowance(now=timezone.now() + 2 * GRACE))
    call_command("sweep_storage", "--dry-run", "--json", stdout=(out := io.StringIO()))
    assert json.loads(out.getvalue())["files"] == [key]
    assert default_storage.exists(key)
    call_command("sweep_storage", stdout=(out := io.StringIO()))
    assert "1 files that no row refers to" in out.getvalue()
    assert not default_storage.exists(key)
