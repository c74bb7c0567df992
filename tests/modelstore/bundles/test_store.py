"""Bundles go to storage whole or not at all, and leave it without taking anything else along."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from modelstore.bundles import store
from modelstore.ground import files
from modelstore.ground.tokens import digest, new_token
from modelstore.models import RetiredToken, Tombstone, TrainedModel
from tests import bundles
from tests.modelstore.conftest import Publish
from training.bundle.manifest import BundleDamaged


def listing(prefix: str) -> set[str]:
    try:
        return set(default_storage.listdir(prefix)[1])
    except FileNotFoundError:
        return set()


def read(key: str) -> bytes:
    with files.reading(key) as chunks:
        return b"".join(chunks)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundles.text_bundle(tmp_path / "bundle")


def test_every_file_of_a_bundle_is_stored_as_it_is(any_storage: str, bundle: Path) -> None:
    (bundle / "stray.tmp").write_bytes(b"not part of it")
    files.put(bundle / "model.pt", "jobs/1/2/model.onnx")
    store.upload_bundle(folder=bundle, prefix="jobs/1/2/")
    names = {path.name for path in bundle.iterdir()} - {"stray.tmp"}
    assert listing("jobs/1/2") == names
    assert all(read(f"jobs/1/2/{name}") == (bundle / name).read_bytes() for name in names)


def test_an_upload_may_be_repeated(bundle: Path) -> None:
    for _ in range(2):
        store.upload_bundle(folder=bundle, prefix="jobs/1/2")
    assert len(listing("jobs/1/2")) == len(list(bundle.iterdir()))


def test_a_bundle_that_changed_since_it_was_written_is_not_stored(bundle: Path) -> None:
    (bundle / "model.pt").write_bytes(b"something else")
    with pytest.raises(BundleDamaged, match=r"model\.pt"):
        store.upload_bundle(folder=bundle, prefix="jobs/1/2")
    assert not listing("jobs/1/2")


def test_a_failure_half_way_leaves_nothing(any_storage: str, bundle: Path, monkeypatch) -> None:
    put, stored = files.put, []

    def failing(source: Path, key: str) -> None:
        if len(stored) == 3:
            raise OSError(28, "No space left on device")
        put(source, key)
        stored.append(key)

    monkeypatch.setattr(files, "put", failing)
    with pytest.raises(OSError, match="No space"):
        store.upload_bundle(folder=bundle, prefix="jobs/1/2")
    assert not listing("jobs/1/2")


def test_a_file_appears_in_the_folder_only_when_it_is_complete(bundle: Path, monkeypatch) -> None:
    def dying(reader: Any, writer: Any, *_: Any) -> None:
        writer.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(files.shutil, "copyfileobj", dying)
    with pytest.raises(KeyboardInterrupt):
        files.put(bundle / "model.onnx", "jobs/1/2/model.onnx")
    assert not listing("jobs/1/2")


class HalfRead:
    """A file that fails after its first part, as a disk or network does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, mode: str) -> Any:
        handle = self.path.open(mode)

        class Failing:
            def read(self, size: int = -1) -> bytes:
                if handle.tell():
                    raise OSError(5, "Input/output error")
                return handle.read(6 * 1024**2)

            def __getattr__(self, name: str) -> Any:
                return getattr(handle, name)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: Any) -> None:
                handle.close()

        return Failing()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_partial_is_published_on_s3_when_reading_fails_half_way(s3: Any, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"x" * 12 * 1024**2)
    with pytest.raises(OSError, match="Input/output"):
        files.put(HalfRead(big), "jobs/1/2/model.onnx")  # type: ignore[arg-type]
    assert not list(s3.objects.all())
    assert not list(s3.multipart_uploads.all())


def test_an_object_on_s3_is_read_in_pieces(s3: Any, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 4096 * 5)
    files.put(big, "jobs/1/2/big")
    with files.reading("jobs/1/2/big") as chunks:
        parts = list(chunks)
    assert b"".join(parts) == big.read_bytes()
    assert max(map(len, parts)) <= files.CHUNK


def test_a_missing_file_is_told_from_a_storage_that_does_not_answer(
    any_storage: str, bundle: Path, monkeypatch, caplog
) -> None:
    with pytest.raises(FileNotFoundError), files.reading("jobs/9/9/model.onnx"):
        pass
    store.upload_bundle(folder=bundle, prefix="jobs/1/2")
    monkeypatch.setattr(type(default_storage._wrapped), "open", lambda *_: 1 / 0)
    with pytest.raises(files.StorageUnavailable) as refusal, files.reading("jobs/1/2/model.onnx"):
        pass
    assert (refusal.value.status, refusal.value.retry_after) == (503, 60)


@pytest.mark.parametrize(
    "prefix",
    ["", "/", "jobs", "jobs/1", "jobs/1/2/3", "jobs/../1", "../x/y", "jobs/1/..", "jobs//1", "a\nb/1/2"],
)
def test_a_prefix_that_could_reach_other_files_is_refused(bundle: Path, prefix: str) -> None:
    with pytest.raises(ValueError, match="place for a bundle"):
        store.upload_bundle(folder=bundle, prefix=prefix)


def test_the_row_says_what_the_bundle_says(publish: Publish) -> None:
    model = publish("text", task_name="Moods")
    assert (model.task_type, model.model_name, model.classes) == ("textclassification", "lstm", bundles.MOODS)
    assert (model.accuracy, model.accuracy_low, model.accuracy_high) == (0.9, 0.8, 0.95)
    assert model.report["best_epoch"] == 1
    assert "model.onnx" in model.manifest["files"]
    assert model.size_bytes == sum(default_storage.size(f"jobs/1/1/{name}") for name in listing("jobs/1/1"))
    assert (model.token_digest, model.task_name) == (digest(model.token), "Moods")


def test_an_interval_that_rounding_moved_off_its_value_is_accepted(publish: Publish) -> None:
    model = publish(manifest={"accuracy": 1.0, "accuracy_interval": [0.9, 0.999999]})
    assert (model.accuracy_low, model.accuracy_high) == (0.9, 1.0)


def test_deleting_a_model_deletes_its_row_and_files_only(any_storage: str, publish: Publish) -> None:
    gone, neighbour = publish(prefix="jobs/1/1"), publish(prefix="jobs/1/10")
    before = listing("jobs/1/10")
    tombstone = store.retire(model=gone)
    assert store.bury(tombstone=tombstone)
    assert (listing("jobs/1/1"), listing("jobs/1/10")) == (set(), before)
    assert list(TrainedModel.objects.all()) == [neighbour]
    assert not Tombstone.objects.exists()
    assert RetiredToken.objects.count() == 1


def test_empty_folders_go_too(publish: Publish, settings: Any) -> None:
    model = publish()
    store.bury(tombstone=store.retire(model=model))
    assert list((settings.MEDIA_ROOT / "jobs").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_files_stay_when_the_deletion_of_the_row_is_rolled_back(publish: Publish) -> None:
    model = publish()

    def delete_and_fail() -> None:
        with transaction.atomic():
            store.delete_model(model)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_and_fail()
    assert listing("jobs/1/1")
    assert TrainedModel.objects.exists()
    store.delete_model(TrainedModel.objects.get())
    assert not listing("jobs/1/1")


def test_a_tombstone_stays_until_every_file_is_gone(any_storage: str, publish: Publish, monkeypatch) -> None:
    tombstone = store.retire(model=publish())
    backend = type(default_storage._wrapped)
    delete = backend.delete

    def stubborn(self: Any, name: str) -> None:
        if name.endswith("model.onnx"):
            raise OSError("one key of a multi-delete fails")
        delete(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(backend, "delete", stubborn)
        assert not store.bury(tombstone=tombstone)
    tombstone.refresh_from_db()
    assert (tombstone.failures, listing("jobs/1/1")) == (1, {"model.onnx"})
    assert "multi-delete" in tombstone.last_error
    assert store.bury(tombstone=tombstone)
    assert store.bury(tombstone=tombstone)
    assert not listing("jobs/1/1")


def test_a_tombstone_never_takes_the_files_of_a_live_model(publish: Publish) -> None:
    model = publish()
    assert not store.bury(tombstone=Tombstone.objects.create(storage_prefix=model.storage_prefix))
    assert listing(model.storage_prefix)


def test_a_link_in_the_folder_is_removed_and_not_followed(
    publish: Publish, settings: Any, tmp_path: Path
) -> None:
    model = publish()
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("stays")
    (settings.MEDIA_ROOT / model.storage_prefix / "link").symlink_to(precious / "file")
    (settings.MEDIA_ROOT / model.storage_prefix / "folder").symlink_to(precious)
    store.bury(tombstone=store.retire(model=model))
    assert (precious / "file").read_text() == "stays"


def test_a_token_may_be_given_by_the_job(publish: Publish) -> None:
    token = new_token()
    assert publish(token=token).token == token
