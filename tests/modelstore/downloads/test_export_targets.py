"""What `manage.py export` writes serves the model without Flash: as a Lambda function, in a container, as a page."""

import base64
import importlib.util
import io
import json
import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.bundles import picture
from tests.modelstore.conftest import Publish

_OURS = ("handler", "service", "predict", "preprocess", "inputs")
KEY = "k" * 16


def exported(model: Any, target: str, folder: Path) -> Path:
    call_command("export", model.token, target=target, output=str(folder), stdout=io.StringIO())
    return folder


@pytest.mark.parametrize("target", ["lambda", "docker"])
def test_what_is_stored_in_parts_is_exported_whole(publish: Publish, tmp_path: Path, target: str) -> None:
    folder = exported(publish("shared"), target, tmp_path / "out")
    assert (folder / "model.onnx").read_bytes() == (tmp_path / "bundles" / "1" / "model.onnx").read_bytes()


def test_the_page_has_all_of_a_model_that_is_stored_in_parts(publish: Publish, tmp_path: Path) -> None:
    script = (exported(publish("shared"), "web", tmp_path / "out") / "model.js").read_text()
    content = (tmp_path / "bundles" / "1" / "model.onnx").read_bytes()
    assert base64.b64decode(script.split('"')[1]) == content


@pytest.fixture
def load_handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`load_handler(folder)`: handler.py of an export, imported as Lambda does."""
    before = {name: sys.modules.pop(name, None) for name in _OURS}

    def load(folder: Path) -> Any:
        monkeypatch.syspath_prepend(str(folder))
        spec = importlib.util.spec_from_file_location("handler", folder / "handler.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.handler

    yield load
    for name in _OURS:
        sys.modules.pop(name, None)
    sys.modules.update({name: module for name, module in before.items() if module is not None})


def function_url_event(body: bytes | str, kind: str, method: str = "POST", key: str = "") -> dict[str, Any]:
    """A proxy event, version 2.0, as function URLs and HTTP APIs send it."""
    binary = isinstance(body, bytes)
    return {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"content-type": kind, "authorization": f"Bearer {key}"},
        "requestContext": {"http": {"method": method, "path": "/"}},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": binary,
    }


def form_data(*pictures: bytes, **fields: str) -> tuple[bytes, str]:
    parts = [
        b'--limit\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + data
        for data in pictures
    ]
    parts += [
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    return b"\r\n".join([*parts, b"--limit--\r\n"]), "multipart/form-data; boundary=limit"


def test_the_lambda_function_sorts_pictures(publish: Publish, tmp_path: Path, load_handler: Any) -> None:
    handler = load_handler(exported(publish("image"), "lambda", tmp_path / "out"))
    red, green = picture("red"), picture("green")
    body, kind = form_data(green, red, top_k="2", threshold="0.9999")
    encoded = json.dumps({"inputs": [base64.b64encode(red).decode()]})
    for event, labels in (
        (function_url_event(red, "image/png"), ["red"]),
        (function_url_event(body, kind), ["green", "red"]),
        (function_url_event(encoded, "application/json"), ["red"]),
        ({"httpMethod": "POST", "headers": {"Content-Type": "application/json"}, "body": encoded}, ["red"]),
    ):
        answer = handler(event, None)
        assert answer["statusCode"] == 200, answer
        assert [row["label"] for row in json.loads(answer["body"])["predictions"]] == labels
    rows = json.loads(handler(function_url_event(body, kind), None)["body"])["predictions"]
    assert all(row["unsure"] and len(row["top"]) == 2 for row in rows)


def test_the_lambda_function_sorts_sentences_and_wants_its_key(
    publish: Publish, tmp_path: Path, load_handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREDICT_KEY", KEY)
    handler = load_handler(exported(publish("text"), "lambda", tmp_path / "out"))
    event = function_url_event('{"inputs": ["great fun", "awful"]}', "application/json")
    assert handler(event, None)["statusCode"] == 401
    event["headers"]["authorization"] = f"Bearer {KEY}"
    answer = json.loads(handler(event, None)["body"])
    assert [row["label"] for row in answer["predictions"]] == ["good", "bad"]
    told = json.loads(handler(function_url_event("", "", "GET"), None)["body"])
    assert told["classes"] == ["bad", "good"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"inputs": "great"}', "application/json", 400),
        ('{"inputs": []}', "application/json", 400),
        ('{"inputs": ["%%"]}', "application/json", 400),
        ('{"inputs": ["AAAA"], "top_k": "x"}', "application/json", 400),
        ('{"inputs": ["AAAA"], "top_k": 1e400}', "application/json", 400),
        (b"no picture", "image/png", 422),
        (b"", "multipart/form-data; boundary=", 400),
        ("[" * 100_000, "application/json", 400),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    publish: Publish, tmp_path: Path, load_handler: Any, body: Any, kind: str, status: int
) -> None:
    handler = load_handler(exported(publish("image"), "lambda", tmp_path / "out"))
    answer = handler(function_url_event(body, kind), None)
    assert answer["statusCode"] == status
    assert len(json.loads(answer["body"])["detail"]) > 10


@pytest.mark.slow
def test_the_containers_server_answers(publish: Publish, tmp_path: Path) -> None:
    folder = exported(publish("image"), "docker", tmp_path / "out")
    command = next(
        line for line in (folder / "Dockerfile").read_text().splitlines() if line.startswith("CMD")
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, *json.loads(command.removeprefix("CMD "))[1:]],
        cwd=folder,
        env=os.environ | {"PORT": str(port)},
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}healthz", timeout=5).close()
                break
            except urllib.error.URLError:
                assert server.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
        asked = urllib.request.Request(url, picture("green"), {"Content-Type": "image/png"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert json.load(answer)["predictions"][0]["label"] == "green"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(url, b"x", {"Content-Type": "image/png"}), timeout=30
            )
        with refused.value:
            assert refused.value.code == 422
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("target", ["lambda", "docker", "web"])
def test_an_export_has_what_it_needs_and_nothing_for_training(
    publish: Publish, tmp_path: Path, target: str
) -> None:
    folder = exported(publish("text"), target, tmp_path / "out")
    names = {path.name for path in folder.rglob("*")}
    assert not names & {"model.pt", "model.safetensors", "report.json"}
    if target == "web":
        assert {"index.html", "page.js", "inputs.js", "model.js", "facts.js", "runtime.js"} <= names
        return
    assert {
        "model.onnx",
        "model.json",
        "tokenizer.json",
        "predict.py",
        "preprocess.py",
        "service.py",
    } <= names
    pinned = (folder / "requirements.txt").read_text().split()
    assert [shlex.split(line)[0].partition("==")[0] for line in pinned] == [
        "onnxruntime",
        "numpy",
        "pillow",
        "tokenizers",
    ]


def test_it_overwrites_nothing_and_leaves_nothing_half_written(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(CommandError, match="not an empty folder"):
        exported(publish(), "web", tmp_path / "out")
    with pytest.raises(CommandError, match="predictions only"):
        exported(publish(downloadable=False), "web", tmp_path / "new")
    damaged = publish(prefix="jobs/9/9")
    (tmp_path / "media" / damaged.storage_prefix / "model.onnx").write_bytes(b"x")
    with pytest.raises(CommandError, match="damaged"):
        exported(damaged, "lambda", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".new")]
