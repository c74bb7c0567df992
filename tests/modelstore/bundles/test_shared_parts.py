"""What files of several models have in common is stored once, read whole, and there as long as somebody needs it."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from modelstore.access import ModelDamaged
from modelstore.bundles import local_cache, shared_parts, store, stored_files
from modelstore.bundles.shared_parts import KEPT
from modelstore.downloads.file_responses import open_download
from modelstore.ground import files
from modelstore.models import SharedPart, TrainedModel
from modelstore.prediction import predictor
from modelstore.prediction.predictor import predict
from tests import bundles
from tests.modelstore.conftest import Publish
from training.bundle.manifest import BundleDamaged, Manifest

FILES = ("model.onnx", "model.pt", "model.safetensors", "tokenizer.json")
FORMATS = {"onnx": "model.onnx", "pytorch": "model.pt", "safetensors": "model.safetensors"}


def keys() -> list[str]:
    return sorted(file.key for file in files.walk("shared"))


def part_of(model: TrainedModel, file: str = "model.onnx") -> str:
    """The key of what this file shares."""
    return f"shared/{model.manifest['files'][file]['shared']['sha256']}"


def content_of(key: str) -> bytes:
    with files.reading(key) as chunks:
        return b"".join(chunks)


def overwrite(key: str, content: bytes) -> None:
    default_storage.delete(key)
    assert default_storage.save(key, ContentFile(content)) == key


def label(model: TrainedModel) -> str:
    predictor.loaded.cache_clear()
    return predict(model=model, inputs=["great fun"])[0].label


def received(model: TrainedModel, format: str) -> bytes:
    download = open_download(model=model, format=format)
    try:
        return b"".join(download.stream)
    finally:
        download.stream.close()


def test_two_models_store_it_once_and_beside_it_what_is_their_own(
    any_storage: str, publish: Publish, tmp_path: Path
) -> None:
    one = publish("shared")
    before = keys()
    assert before == sorted(part_of(one, name) for name in FILES)
    other = publish("shared")
    assert keys() == before
    for number, model in ((1, one), (2, other)):
        own = sum(default_storage.size(file.key) for file in files.walk(model.storage_prefix))
        folder = tmp_path / "bundles" / str(number)
        assert model.size_bytes == own < 20_000 < sum(path.stat().st_size for path in folder.iterdir())
        for name in FILES:
            facts = model.manifest["files"][name]
            size = default_storage.size(f"{model.storage_prefix}/{name}")
            assert size == facts["bytes"] - facts["shared"]["bytes"]
        assert {part.key for part in model.shared_parts.all()} == set(before)
    assert {part.size_bytes for part in SharedPart.objects.all()} == set(map(default_storage.size, keys()))


def test_each_is_downloaded_as_it_was_published(any_storage: str, publish: Publish, tmp_path: Path) -> None:
    publish("shared")
    model, folder = publish("shared"), tmp_path / "bundles" / "2"
    for format, name in FORMATS.items():
        content = received(model, format)
        assert content == (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == model.manifest["files"][name]["sha256"]
    with zipfile.ZipFile(io.BytesIO(received(model, "bundle"))) as archive:
        inside = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert {path.name: path.read_bytes() for path in folder.iterdir()}.items() <= inside.items()
    (tmp_path / "taken").mkdir()
    for path in folder.iterdir():
        (tmp_path / "taken" / path.name).write_bytes(inside[path.name])
    assert Manifest.read(tmp_path / "taken").files == model.manifest["files"]


def test_a_download_under_way_needs_no_storage_any_more(
    any_storage: str, publish: Publish, tmp_path: Path
) -> None:
    model = publish("shared")
    download = open_download(model=model, format="pytorch")
    for file in [*files.walk("shared"), *files.walk(model.storage_prefix)]:
        default_storage.delete(file.key)
    assert b"".join(download.stream) == (tmp_path / "bundles" / "1" / "model.pt").read_bytes()


def test_a_bucket_is_no_way_around_the_web_for_what_lies_in_two_parts(
    s3: Any, publish: Publish, settings: Any, client: Client, tmp_path: Path
) -> None:
    settings.FLASH_PRESIGNED_DOWNLOADS = True
    model = publish("shared")
    answer = client.get(f"/api/v1/models/{model.token}/download/?format=onnx")
    assert answer.status_code == 200
    content = (tmp_path / "bundles" / "1" / "model.onnx").read_bytes()
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Length"] == str(len(content))


def test_it_predicts_with_a_copy_that_was_put_together(
    any_storage: str, publish: Publish, settings: Any
) -> None:
    models = [publish("shared") for _ in range(2)]
    assert [label(model) for model in models] == ["good", "good"]
    assert len(list((settings.FLASH_CACHE_DIR / "models").iterdir())) == 2
    for file in files.walk("shared"):
        default_storage.delete(file.key)
    assert label(models[0]) == "good", "what was put together stays"
    store.bury(tombstone=store.retire(model=models[0]))
    assert len(list((settings.FLASH_CACHE_DIR / "models").iterdir())) == 1


def test_a_model_whose_files_share_nothing_is_used_where_it_lies(publish: Publish, settings: Any) -> None:
    model = publish("text")
    assert local_cache.folder_of(model) == settings.MEDIA_ROOT / model.storage_prefix
    assert not local_cache.is_copied(model)


def test_a_copy_that_another_process_dropped_is_made_again(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, real = publish("shared"), local_cache.folder_of
    asked = []

    def folder_of(model: TrainedModel) -> Path:
        folder = real(model)
        if not asked:
            local_cache.forget(model.storage_prefix)
        asked.append(folder)
        return folder

    monkeypatch.setattr(local_cache, "folder_of", folder_of)
    assert label(model) == "good"
    assert len(asked) == 2


def test_on_a_full_disk_other_copies_give_way(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    models, real, failures = [publish("shared") for _ in range(2)], stored_files.fetch, [1]
    label(models[0])

    def fetch(*args: Any) -> None:
        if failures:
            failures.pop()
            raise OSError(28, "No space left on device")
        real(*args)

    monkeypatch.setattr(stored_files, "fetch", fetch)
    assert label(models[1]) == "good"
    assert not local_cache._cached(models[0].storage_prefix).exists()
    failures += [1] * 9
    with pytest.raises(files.StorageFull):
        label(models[0])


@pytest.mark.parametrize("damage", ["changed", "truncated", "longer", "missing", "empty"])
def test_a_damaged_part_damages_all_that_need_it_until_it_is_put_back(
    any_storage: str, publish: Publish, damage: str
) -> None:
    models = [publish("shared") for _ in range(2)]
    key = part_of(models[0])
    content = content_of(key)
    wrong = {
        "changed": b"\0" + content[1:],
        "truncated": content[:-1],
        "longer": content + b"x",
        "empty": b"",
    }
    default_storage.delete(key)
    if damage in wrong:
        overwrite(key, wrong[damage])
    for model in models:
        with pytest.raises(ModelDamaged):
            label(model)
        # What is not damaged goes on.
        assert received(model, "pytorch")
        if damage != "longer":
            with pytest.raises(ModelDamaged):
                received(model, "onnx")
    assert TrainedModel.objects.damaged().count() == 2
    overwrite(key, content)
    assert [label(model) for model in models] == ["good", "good"]


def test_the_next_upload_repairs_a_damaged_part(any_storage: str, publish: Publish) -> None:
    model = publish("shared")
    lost, changed = part_of(model, "model.onnx"), part_of(model, "model.pt")
    default_storage.delete(lost)
    overwrite(changed, b"something else")
    publish("shared")
    assert len(keys()) == len(FILES)
    assert all(hashlib.sha256(content_of(key)).hexdigest() == key.rpartition("/")[2] for key in keys())
    assert label(model) == "good"


def in_time(after: timedelta = KEPT + timedelta(minutes=1)) -> Any:
    return timezone.now() + after


def remove_all(now: Any) -> list[bool]:
    return [shared_parts.remove(key, now) for key in shared_parts.unneeded(keys(), now)]


def test_it_goes_when_nobody_needs_it_and_not_before(any_storage: str, publish: Publish) -> None:
    models = [publish("shared") for _ in range(2)]
    store.bury(tombstone=store.retire(model=models[0]))
    assert remove_all(in_time()) == []
    assert label(models[1]) == "good"
    store.bury(tombstone=store.retire(model=models[1]))
    assert remove_all(in_time(KEPT - timedelta(minutes=1))) == []
    assert len(keys()) == len(FILES)
    assert remove_all(in_time()) == [True] * len(FILES)
    assert keys() == [] and not SharedPart.objects.exists()


def test_a_model_that_took_anothers_place_needs_its_own_parts(publish: Publish, tmp_path: Path) -> None:
    model, folder = publish("shared"), bundles.text_bundle(tmp_path / "other")
    store.upload_bundle(folder=folder, prefix="jobs/9/1")
    store.replace_bundle(model=model, prefix="jobs/9/1", folder=folder)
    assert not model.shared_parts.exists()
    assert remove_all(in_time()) == [True] * len(FILES)


def test_an_upload_that_finds_an_old_part_keeps_it(
    any_storage: str, publish: Publish, tmp_path: Path
) -> None:
    store.bury(tombstone=store.retire(model=publish("shared")))
    SharedPart.objects.update(wanted=timezone.now() - 10 * KEPT)
    found = shared_parts.unneeded(keys(), timezone.now())
    assert len(found) == len(FILES)
    # Between the look and the deletion somebody relies on what is there.
    folder = bundles.shared_bundle(tmp_path / "late")
    store.upload_bundle(folder=folder, prefix="jobs/9/1")
    assert [shared_parts.remove(key, timezone.now()) for key in found] == [False] * len(FILES)
    model = publish("shared", prefix="jobs/10/1")
    assert label(model) == "good"


def test_an_upload_after_the_deletion_stores_it_again(any_storage: str, publish: Publish) -> None:
    store.bury(tombstone=store.retire(model=publish("shared")))
    assert remove_all(in_time()) == [True] * len(FILES)
    assert label(publish("shared")) == "good"
    assert len(keys()) == len(FILES)


def test_what_was_deleted_after_the_upload_is_not_published(db: None, tmp_path: Path) -> None:
    folder = bundles.shared_bundle(tmp_path / "slow")
    store.upload_bundle(folder=folder, prefix="jobs/9/1")
    # Its worker was away for longer than any is allowed to be.
    assert remove_all(in_time()) == [True] * len(FILES)
    with pytest.raises(BundleDamaged, match="was deleted"):
        store.create_model(
            token_digest="x", prefix="jobs/9/1", folder=folder, task_name="t", downloadable=True
        )


def test_of_two_uploads_at_once_none_takes_away_what_the_other_relies_on(
    any_storage: str, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = files.sha256_of, []

    def look(key: str) -> str | None:
        found = real(key)
        if not looked:
            looked.append(key)
            # The other one looks, stores and relies on it after this one has looked.
            store.upload_bundle(folder=bundles.shared_bundle(tmp_path / "other"), prefix="jobs/9/1")
        return found

    deleted: list[str] = []
    assert not default_storage.exists("shared")
    backend = type(default_storage._wrapped)
    delete = backend.delete
    monkeypatch.setattr(files, "sha256_of", look)
    monkeypatch.setattr(backend, "delete", lambda self, name: deleted.append(name) or delete(self, name))
    model = publish("shared")
    assert not set(deleted) & set(keys())
    assert len(keys()) == len(FILES) and len(looked) == 1
    assert label(model) == "good"


def test_a_failed_upload_leaves_what_is_shared_to_be_swept(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files.put

    def put(source: Path, key: str) -> None:
        if source.name == "report.json":
            raise OSError(5, "Input/output error")
        real(source, key)

    monkeypatch.setattr(files, "put", put)
    with pytest.raises(OSError, match="Input/output"):
        store.upload_bundle(folder=bundles.shared_bundle(tmp_path / "bundle"), prefix="jobs/9/1")
    assert not list(files.walk("jobs/9/1"))
    assert remove_all(in_time()) == [True] * 3
    assert keys() == []


def _told(folder: Path, **shared: Any) -> Path:
    facts = json.loads((folder / "model.json").read_text())
    facts["files"]["model.onnx"]["shared"] |= shared
    (folder / "model.json").write_text(json.dumps(facts))
    return folder


@pytest.mark.parametrize(
    "shared",
    [
        {"sha256": "0" * 64},
        {"sha256": "../../" + "0" * 58},
        {"sha256": None},
        {"at": -1},
        {"at": 1.5},
        {"at": 10**9},
        {"bytes": 0},
        {"bytes": 10**9},
        {"bytes": "9"},
        {"more": 1},
    ],
)
def test_a_range_that_is_not_so_is_refused(db: None, tmp_path: Path, shared: dict[str, Any]) -> None:
    folder = _told(bundles.shared_bundle(tmp_path / "bundle"), **shared)
    with pytest.raises(BundleDamaged):
        store.upload_bundle(folder=folder, prefix="jobs/9/1")
    assert not list(files.walk("jobs/9/1")) and keys() == []


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=4), st.integers(0, 40))
def test_a_part_is_put_in_wherever_chunks_end(own: bytes, ends: list[int], at: int) -> None:
    at = min(at, len(own))
    bounds = [0, *sorted(min(end, len(own)) for end in ends), len(own)]

    def chunks() -> Iterator[bytes]:
        yield from (own[begin:end] for begin, end in pairwise(bounds))

    joined = stored_files._joined(chunks(), iter([b"SH", b"ARED"]), at)
    assert b"".join(joined) == own[:at] + b"SHARED" + own[at:]
