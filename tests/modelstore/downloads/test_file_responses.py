"""Downloads: the published bytes or nothing, streamed, and safe from what happens meanwhile."""

import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from modelstore.access import ModelDamaged, ModelExpired
from modelstore.bundles import store
from modelstore.downloads import file_responses
from modelstore.downloads.file_responses import download_response, open_accuracy_plot, open_download
from modelstore.ground.errors import FlashError
from modelstore.ground.zip_stream import zip_chunks, zip_size
from modelstore.models import TrainedModel
from tests import bundles
from tests.modelstore.conftest import Publish


def received(download: file_responses.DownloadFile) -> bytes:
    try:
        return b"".join(download.stream)
    finally:
        download.stream.close()


@pytest.mark.parametrize(
    ("format", "file", "name"),
    [
        ("onnx", "model.onnx", "my-task-mobilenet_v2.onnx"),
        ("pytorch", "model.pt", "my-task-mobilenet_v2.pt"),
        ("safetensors", "model.safetensors", "my-task-mobilenet_v2.safetensors"),
    ],
)
def test_one_file_arrives_as_published(
    publish: Publish, tmp_path: Path, format: str, file: str, name: str
) -> None:
    download = open_download(model=publish(task_name="My task!"), format=format)
    content = received(download)
    assert content == (tmp_path / "bundles" / "1" / file).read_bytes()
    assert (download.name, download.size) == (name, len(content))


def test_the_bundle_is_a_zip_of_every_file(any_storage: str, publish: Publish, tmp_path: Path) -> None:
    download = open_download(model=publish("text", task_name="Moods"), format="bundle")
    content = received(download)
    assert (download.name, download.content_type, download.size) == (
        "moods-lstm.zip",
        "application/zip",
        len(content),
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    folder = tmp_path / "bundles" / "1"
    stored = {f"moods-lstm/{path.name}": path.read_bytes() for path in folder.iterdir()}
    assert stored.items() <= inside.items()
    assert inside["moods-lstm/labels.txt"] == b"bad\ngood\n"
    assert {"README.md", "predict.py", "preprocess.py", "requirements.txt", "web/index.html"} <= {
        name.removeprefix("moods-lstm/") for name in inside
    }


@pytest.mark.unzip
def test_other_programs_open_the_zip(publish: Publish, tmp_path: Path) -> None:
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(received(open_download(model=publish(), format="bundle")))
    subprocess.run(["unzip", "-tqq", archive], check=True, capture_output=True)


@pytest.mark.parametrize("name", ["", "???", "任务", "../../etc/passwd", 'a"\r\nSet-Cookie: x=1', "x" * 500])
def test_a_task_name_makes_a_harmless_file_name(publish: Publish, name: str) -> None:
    download = open_download(model=publish(task_name=name[:200]), format="onnx")
    assert download.name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert len(download.name) < 100
    disposition = download_response(download).headers["Content-Disposition"]
    assert disposition == f'attachment; filename="{download.name}"'
    download.stream.close()


def test_it_is_refused_where_not_downloadable_except_the_plot(publish: Publish) -> None:
    model = publish(downloadable=False)
    for format in file_responses.FORMATS:
        with pytest.raises(FlashError) as refusal:
            open_download(model=model, format=format)
        assert (refusal.value.status, refusal.value.code) == (403, "not_downloadable")
    assert received(open_accuracy_plot(model=model)) == bundles.SVG


@pytest.mark.parametrize("format", ["", "exe", "ONNX", "../model.json", "model.pt"])
def test_an_unknown_format_is_told_what_there_is(publish: Publish, format: str) -> None:
    with pytest.raises(FlashError, match="onnx, pytorch, safetensors, web, bundle") as refusal:
        open_download(model=publish(), format=format)
    assert refusal.value.status == 400


def test_a_file_that_was_never_published_is_not_found(publish: Publish) -> None:
    model = publish()
    del model.manifest["files"]["model.safetensors"]
    with pytest.raises(FlashError) as refusal:
        open_download(model=model, format="safetensors")
    assert (refusal.value.status, refusal.value.code) == (404, "file_not_found")


@pytest.mark.parametrize(("file", "format"), [("model.pt", "pytorch"), ("model.json", "bundle")])
@pytest.mark.parametrize("damage", [b"other bytes", b"", None])
def test_damaged_files_never_leave(publish: Publish, file: str, format: str, damage: bytes | None) -> None:
    model = publish()
    key = f"{model.storage_prefix}/{file}"
    default_storage.delete(key)
    if damage is not None:
        default_storage.save(key, ContentFile(damage))
    with pytest.raises(ModelDamaged):
        open_download(model=model, format=format)


def test_a_damaged_object_never_leaves(s3: Any, publish: Publish) -> None:
    model = publish()
    key = f"{model.storage_prefix}/model.pt"
    default_storage.delete(key)
    default_storage.save(key, ContentFile(b"other bytes"))
    with pytest.raises(ModelDamaged):
        open_download(model=model, format="pytorch")


def test_pruning_takes_nothing_from_a_download_under_way(
    any_storage: str, publish: Publish, tmp_path: Path
) -> None:
    model = publish()
    held = TrainedModel.objects.get(pk=model.pk)
    download = open_download(model=model, format="bundle")
    first = next(download.stream)
    assert store.bury(tombstone=store.retire(model=model))
    assert len(first + received(download)) == download.size
    with pytest.raises(ModelExpired):
        open_download(model=held, format="onnx")


def test_files_are_closed_when_the_client_leaves(publish: Publish) -> None:
    response = download_response(open_download(model=publish(), format="bundle"))
    next(iter(response.streaming_content))
    # An open file that is collected would be a warning, and warnings are errors here.
    response.close()


def test_answers_are_attachments_that_nobody_keeps_or_guesses_at(publish: Publish) -> None:
    model = publish()
    response = download_response(open_download(model=model, format="onnx"))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert len(b"".join(response.streaming_content)) == int(response.headers["Content-Length"])
    response.close()
    plot = download_response(open_accuracy_plot(model=model), inline=True)
    assert plot.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in plot.headers["Content-Security-Policy"]
    plot.close()


@given(st.dictionaries(st.text("aé/𝄞x", min_size=1, max_size=9), st.binary(max_size=300), max_size=5))
def test_the_size_of_a_zip_is_known_before_it_is_made(contents: dict[str, bytes]) -> None:
    members = {name: (io.BytesIO(data), len(data)) for name, data in contents.items()}
    archive = b"".join(zip_chunks(members, modified=timezone.now()))
    assert len(archive) == zip_size({name: len(data) for name, data in contents.items()})


def test_a_zip_is_handed_on_piece_by_piece() -> None:
    chunks = list(zip_chunks({"a": (io.BytesIO(bytes(5 * 1024**2)), 5 * 1024**2)}, modified=timezone.now()))
    assert max(map(len, chunks)) < 2 * 1024**2


def test_the_size_of_a_huge_zip_is_left_open() -> None:
    assert zip_size({"a": 3 * 1024**3}) is None


def test_the_manifest_in_the_bundle_is_the_published_one(publish: Publish) -> None:
    model = publish()
    content = received(open_download(model=model, format="bundle"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("model.json"))
        assert json.loads(archive.read(name)) == model.manifest
