"""Finds ImageNet weights: in FLASH_WEIGHTS_DIR, in torchvision's cache, or on the network within bounds."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.engine.downloads import DIRECTORY_VARIABLE, DownloadFailed, download
from training.ground.events import Events
from training.ground.samples import Samples


class _Unusable(Exception):
    """A file of weights cannot be used; the message says why."""


def find_weights(
    name: str, url: str, expected: Mapping[str, Tensor], events: Events, *, instead: str
) -> dict[str, Tensor] | None:
    """Weights of model `name` that fit the shapes of `expected`, or None after a warning.

    `url` is where torchvision keeps them; its last part is the file's name with the first digits of its sha256.
    `instead` is the part of a sentence that says what is done without them.
    """
    for path in _candidates(name, url):
        if path.is_file():
            try:
                return _load(path, expected)
            except _Unusable as error:
                events.warning(f"The weights in {path.name} cannot be used: {error}.")
    events.log(f"Downloading the ImageNet weights of {name}.")
    try:
        return _load(_download(url), expected)
    except (DownloadFailed, _Unusable) as error:
        events.warning(
            f"ImageNet weights for {name} were neither in {DIRECTORY_VARIABLE} nor could they be downloaded "
            f"({error}), so {instead}. Put {name}.pth into {DIRECTORY_VARIABLE} and train again."
        )
        return None


def has_weights(model: str, samples: Samples[Any], events: Events) -> bool:
    """See `Kind.has_weights`: whether there is a file of weights for `model`; what is missing is downloaded."""
    from training.kinds.pictures.networks.vision import weights_url

    url = weights_url(model)
    if any(path.is_file() for path in _candidates(model, url)):
        return True
    events.log(f"Downloading the ImageNet weights of {model}.")
    try:
        _download(url)
    except DownloadFailed:
        return False
    return True


def _candidates(name: str, url: str) -> list[Path]:
    file = url.rsplit("/", 1)[-1]
    found = []
    if folder := os.environ.get(DIRECTORY_VARIABLE):
        found += [Path(folder) / f"{name}.pth", Path(folder) / file]
    return [*found, _cache() / file]


def _cache() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _load(path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises nearly anything on a damaged file
        raise _Unusable("the file is damaged or does not hold weights") from error
    if not isinstance(state, dict):
        raise _Unusable("the file contains no named weights")
    # Batch norm's counter came later than some files; nothing depends on it.
    missing = sorted(key for key in expected if key not in state and not key.endswith("num_batches_tracked"))
    if missing:
        raise _Unusable(f"{len(missing)} tensors are missing, the first is {missing[0]}")
    for key, tensor in expected.items():
        if key in state and state[key].shape != tensor.shape:
            raise _Unusable(f"{key} has the shape {list(state[key].shape)} instead of {list(tensor.shape)}")
    return {
        key: state[key].float() if state[key].is_floating_point() else state[key]
        for key in state
        if key in expected
    }


def _download(url: str) -> Path:
    """Fetch `url` into torchvision's cache; its name ends in the first digits of its sha256."""
    path = _cache() / url.rsplit("/", 1)[-1]
    download(url, path, path.stem.rsplit("-", 1)[-1])
    return path
