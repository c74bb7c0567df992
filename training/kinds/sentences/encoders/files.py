"""Finds the files of an encoder: in FLASH_WEIGHTS_DIR, in the hub's cache, or on the network within bounds."""

import os
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from training.engine.downloads import DIRECTORY_VARIABLE, DownloadFailed, download
from training.ground.events import Events
from training.kinds.sentences.encoders.bert import Bert, BertShape, NotAnEncoder
from training.kinds.sentences.encoders.specs import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, EncoderSpec

_OFFLINE = "HF_HUB_OFFLINE"
_TRUE = {"1", "on", "yes", "true"}


def find_encoder(spec: EncoderSpec, events: Events, *, instead: str) -> tuple[Bert, str] | None:
    """The encoder with its weights and its tokenizer.json, or None after a warning.

    `instead` is the part of a sentence that says what is done without them.
    """
    for folder in _folders(spec):
        if all((folder / name).is_file() for name in spec.files):
            try:
                return _load(folder)
            except NotAnEncoder as error:
                events.warning(f"The encoder in {folder.name} cannot be used: {error}.")
    try:
        return _load(_downloaded(spec, events))
    except (DownloadFailed, NotAnEncoder) as error:
        events.warning(
            f"The weights of {spec.title} were neither in {DIRECTORY_VARIABLE} nor could they be downloaded ({error}), "
            f"so {instead}. Put the folder {spec.folder} with {', '.join(spec.files)} into {DIRECTORY_VARIABLE} and "
            "train again."
        )
        return None


def _folders(spec: EncoderSpec) -> Iterator[Path]:
    if folder := os.environ.get(DIRECTORY_VARIABLE):
        yield Path(folder) / spec.folder
    yield _cache(spec) / "snapshots" / spec.revision


def _cache(spec: EncoderSpec) -> Path:
    """Where huggingface_hub keeps the repository, so that it is found, and finds it, there."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return hub / f"models--{spec.repository.replace('/', '--')}"


def _downloaded(spec: EncoderSpec, events: Events) -> Path:
    if os.environ.get(_OFFLINE, "").lower() in _TRUE:
        raise DownloadFailed(f"{_OFFLINE} forbids it")
    events.log(f"Downloading the weights of {spec.title}.")
    folder = _cache(spec) / "snapshots" / spec.revision
    for name, digest in spec.files.items():
        if not (folder / name).is_file():
            download(spec.url(name), folder / name, digest)
    return folder


def _load(folder: Path) -> tuple[Bert, str]:
    encoder = Bert(BertShape.read(folder / CONFIG_FILE))
    try:
        encoder.load_hub(load_file(folder / WEIGHTS_FILE))
        return encoder, (folder / TOKENIZER_FILE).read_text(encoding="utf-8")
    except (OSError, SafetensorError, UnicodeDecodeError) as error:
        raise NotAnEncoder("a file is damaged or cannot be read") from error
