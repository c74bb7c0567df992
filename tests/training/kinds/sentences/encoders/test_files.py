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
from tests.training.tiny_encoder import FOLDER, TEXTS, write_encoder, write_multilingual
from training.ground.events import Events
from training.kinds.sentences.encoders import specs
from training.kinds.sentences.encoders.files import EncoderMissing, find_encoder
from training.kinds.sentences.encoders.specs import ENCODERS, FILES, TOKENIZER_FILE, WEIGHTS_FILE

MINILM, E5, GRANITE = (ENCODERS[name] for name in ("minilm", "multilingual_e5", "granite_multilingual"))
XLM_ROBERTA = {"model_type": "xlm-roberta", "pad_token_id": 1}


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def found(spec=MINILM, **options):
    """The encoder, or why there is none; and what was warned of."""
    stream = io.StringIO()
    try:
        encoder = find_encoder(spec, TEXTS, Events(stream), **options)
    except EncoderMissing as missing:
        encoder = str(missing)
    return encoder, [event["message"] for event in told(stream, "warning")]


def cache(spec, tmp_path):
    return tmp_path / "hub" / "hub" / f"models--{spec.repository.replace('/', '--')}"


def test_it_is_found_where_the_operator_put_it(encoder_folder):
    encoder, warnings = found()
    assert encoder[0].shape.layers == 3 and '"WordPiece"' in encoder[1]
    assert not warnings


def test_it_is_found_in_the_cache_of_the_hub(tmp_path):
    write_encoder(cache(MINILM, tmp_path) / "snapshots" / MINILM.revision)
    encoder, warnings = found()
    assert encoder[0].shape.layers == 3 and not warnings


@pytest.mark.parametrize(("spec", "config"), [(E5, {}), (GRANITE, XLM_ROBERTA)], ids=["bert", "xlm-roberta"])
def test_one_of_many_languages_is_read(tmp_path, encoder_folder, spec, config):
    state = write_multilingual(encoder_folder.parent / spec.folder, **config)
    (encoder, tokenizer), warnings = found(spec)
    assert not warnings and ("query: " in tokenizer) == (spec is E5)
    words = state["embeddings.word_embeddings.weight"].half().float()
    assert encoder.shape.pooling == spec.pooling and encoder.shape.places == 300 - 2 * bool(config)
    # What is padding for Flash is the second row on the hub, and the first one there is the second here.
    assert encoder.words.weight[:3].equal(words[[1, 0, 2]])


def test_one_whose_checksums_nobody_knows_is_found_in_the_cache_whatever_its_revision(tmp_path):
    for spec in (GRANITE, MINILM):
        folder = cache(spec, tmp_path)
        write = write_multilingual if spec is GRANITE else write_encoder
        write(folder / "snapshots" / "abc123")
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc123\n")
    assert not isinstance(found(GRANITE)[0], str)
    assert isinstance(found(MINILM, may_download=False)[0], str)
    (cache(GRANITE, tmp_path) / "refs" / "main").write_text("../../elsewhere")
    assert isinstance(found(GRANITE)[0], str)


def test_one_whose_checksums_nobody_knows_is_never_downloaded(monkeypatch):
    monkeypatch.setattr(specs, "_HUB", "http://127.0.0.1:9")
    assert not GRANITE.can_be_downloaded and "has to put in place" in GRANITE.summary
    why, warnings = found(GRANITE)
    assert why == "Flash does not know their checksums, so it would not notice a wrong download"
    assert not warnings


def test_every_other_one_has_the_checksums_of_all_its_files():
    for spec in ENCODERS.values():
        assert spec.can_be_downloaded == (spec is not GRANITE)
        assert all(len(digest) == 64 for digest in spec.digests.values())
        assert len(spec.revision) == 40


def test_a_damaged_file_is_named(encoder_folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (encoder_folder / WEIGHTS_FILE).write_bytes(b"not weights")
    why, warnings = found()
    assert why == "HF_HUB_OFFLINE forbids it"
    assert warnings == [f"The encoder in {FOLDER} cannot be used: a file is damaged or cannot be read."]


@pytest.mark.parametrize(
    ("spec", "other", "config", "words"),
    [
        (E5, write_encoder, {}, None),
        (E5, write_multilingual, {"vocab_size": 2_000}, "pieces and its table of words 2,000"),
        (E5, write_multilingual, {"max_position_embeddings": 200}, "places for 200 pieces, not for 256"),
        (GRANITE, write_multilingual, {"model_type": "xlm-roberta"}, "config.json is damaged"),
    ],
)
def test_files_that_do_not_fit_together_are_named(
    tmp_path, encoder_folder, monkeypatch, spec, other, config, words
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = encoder_folder.parent / spec.folder
    other(folder, **config)
    if words is None:
        write_multilingual(tmp_path / "another", TEXTS[:2])
        shutil.copy(tmp_path / "another" / TOKENIZER_FILE, folder)
        words = "its tokenizer has"
    why, (warning,) = found(spec)
    assert isinstance(why, str) and words in warning and spec.folder in warning


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
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    return dataclasses.replace(MINILM, digests=digests)


def test_it_is_downloaded_once(hub):
    spec = as_they_lie(hub)
    assert isinstance(found(spec, may_download=False)[0], str)
    encoder, warnings = found(spec)
    assert encoder[0].shape.layers == 3 and not warnings
    shutil.rmtree(hub)
    assert found(spec)[0][1] == encoder[1]


def test_a_download_that_is_something_else_is_refused(hub, tmp_path):
    why, warnings = found()
    assert why == "the download was damaged" and not warnings
    assert not [path for path in (tmp_path / "hub").rglob("*") if path.is_file()]
