"""Finds the files of an encoder: in FLASH_WEIGHTS_DIR, in the hub's cache, or on the network within bounds."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from training.engine.downloads import DIRECTORY_VARIABLE, DownloadFailed, download
from training.ground.events import Events
from training.kinds.sentences.encoders.bert import Bert, BertShape, NotAnEncoder
from training.kinds.sentences.encoders.hub_tokenizer import read_tokenizer
from training.kinds.sentences.encoders.specs import (
    CONFIG_FILE,
    FILES,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    EncoderSpec,
)

_OFFLINE = "HF_HUB_OFFLINE"
_TRUE = {"1", "on", "yes", "true"}
# A commit of git, as the hub's cache names the one that was fetched last.
_LONGEST_REFERENCE = 100


class EncoderMissing(Exception):
    """There is no encoder; the message says why, without a full stop."""


def find_encoder(
    spec: EncoderSpec, sentences: Sequence[str], events: Events, *, may_download: bool = True
) -> tuple[Bert, str]:
    """The encoder with its weights and its tokenizer.json, to learn from `sentences`; raises EncoderMissing.

    Of files on this machine that are damaged it warns, and looks further.
    """
    for folder in _folders(spec):
        if all((folder / name).is_file() for name in FILES):
            try:
                return _load(folder, spec, sentences)
            except NotAnEncoder as error:
                events.warning(f"The encoder in {folder.name} cannot be used: {error}.")
    if not may_download:
        raise EncoderMissing("it is not on this machine")
    try:
        return _load(_downloaded(spec, events), spec, sentences)
    except (DownloadFailed, NotAnEncoder) as error:
        raise EncoderMissing(str(error)) from error


def _folders(spec: EncoderSpec) -> Iterator[Path]:
    if folder := os.environ.get(DIRECTORY_VARIABLE):
        yield Path(folder) / spec.folder
    cache = _cache(spec)
    yield cache / "snapshots" / spec.revision
    # Whoever has fetched it has seen to it; of what Flash fetches, the revision is known.
    if not spec.can_be_downloaded and (revision := _last_fetched(cache)):
        yield cache / "snapshots" / revision


def _last_fetched(cache: Path) -> str:
    try:
        found = (cache / "refs" / "main").read_text(encoding="utf-8")[:_LONGEST_REFERENCE].strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return found if found.isalnum() else ""


def _cache(spec: EncoderSpec) -> Path:
    """Where huggingface_hub keeps the repository, so that it is found, and finds it, there."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return hub / f"models--{spec.repository.replace('/', '--')}"


def _downloaded(spec: EncoderSpec, events: Events) -> Path:
    if not spec.can_be_downloaded:
        raise DownloadFailed("Flash does not know their checksums, so it would not notice a wrong download")
    if os.environ.get(_OFFLINE, "").lower() in _TRUE:
        raise DownloadFailed(f"{_OFFLINE} forbids it")
    events.log(f"Downloading the weights of {spec.title} ({spec.download_mb} MB).")
    folder = _cache(spec) / "snapshots" / spec.revision
    for name in FILES:
        if not (folder / name).is_file():
            download(spec.url(name), folder / name, spec.digests[name])
    return folder


def _load(folder: Path, spec: EncoderSpec, sentences: Sequence[str]) -> tuple[Bert, str]:
    shape, first_place = BertShape.read(folder / CONFIG_FILE)
    if shape.places < spec.window:
        raise NotAnEncoder(f"it has places for {shape.places} pieces, not for {spec.window}")
    try:
        text = (folder / TOKENIZER_FILE).read_text(encoding="utf-8")
        tokenizer = read_tokenizer(text, shape.vocabulary, spec.prefix, sentences)
        own = dataclasses.replace(
            shape, vocabulary=len(tokenizer.rows), pooling=spec.pooling, own_words=tokenizer.are_some
        )
        encoder = Bert(own)
        encoder.load_hub(load_file(folder / WEIGHTS_FILE), torch.from_numpy(tokenizer.rows), first_place)
        return encoder, tokenizer.tokenizer_json
    except (OSError, SafetensorError, UnicodeDecodeError) as error:
        raise NotAnEncoder("a file is damaged or cannot be read") from error
