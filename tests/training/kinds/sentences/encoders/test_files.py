"""Where an encoder's files are found, and what is said where they are not."""

import dataclasses
import hashlib
import http.server
import io
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.training.datasets import told
from tests.training.tiny_encoder import FOLDER, write_encoder
from training.ground.events import Events
from training.kinds.sentences.encoders import specs
from training.kinds.sentences.encoders.files import find_encoder
from training.kinds.sentences.encoders.specs import ENCODERS, WEIGHTS_FILE

MINILM = ENCODERS["minilm"]


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def found(spec=MINILM):
    stream = io.StringIO()
    encoder = find_encoder(spec, Events(stream), instead="an LSTM was trained")
    return encoder, [event["message"] for event in told(stream, "warning")]


def test_it_is_found_where_the_operator_put_it(encoder_folder):
    encoder, warnings = found()
    assert encoder is not None and encoder[0].shape.layers == 3 and '"WordPiece"' in encoder[1]
    assert not warnings


def test_it_is_found_in_the_cache_of_the_hub(tmp_path):
    repository = "models--sentence-transformers--all-MiniLM-L6-v2"
    write_encoder(tmp_path / "hub" / "hub" / repository / "snapshots" / MINILM.revision)
    encoder, warnings = found()
    assert encoder is not None and not warnings


def test_a_damaged_file_is_named_and_what_is_done_instead(encoder_folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (encoder_folder / WEIGHTS_FILE).write_bytes(b"not weights")
    encoder, (damage, instead) = found()
    assert encoder is None
    assert damage == f"The encoder in {FOLDER} cannot be used: a file is damaged or cannot be read."
    assert "HF_HUB_OFFLINE forbids it), so an LSTM was trained. Put the folder all-MiniLM-L6-v2" in instead


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A hub of this machine; answers the folder that it hands out."""
    folder = tmp_path / "site" / MINILM.repository / "resolve" / MINILM.revision
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "site")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(specs, "_HUB", f"http://127.0.0.1:{server.server_port}")
    write_encoder(folder)
    yield folder
    server.shutdown()
    server.server_close()


def as_they_lie(folder):
    """The spec with the sha256 of the files in `folder`."""
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in MINILM.files}
    return dataclasses.replace(MINILM, files=digests)


def test_it_is_downloaded_once(hub):
    spec = as_they_lie(hub)
    encoder, warnings = found(spec)
    assert encoder is not None and not warnings
    shutil.rmtree(hub)
    assert found(spec)[0] is not None


def test_a_download_that_is_something_else_is_refused(hub, tmp_path):
    encoder, (warning,) = found()
    assert encoder is None
    assert "could they be downloaded (the download was damaged), so an LSTM" in warning
    assert not [path for path in (tmp_path / "hub").rglob("*") if path.is_file()]
