"""Finds ImageNet weights: in FLASH_WEIGHTS_DIR, in torchvision's cache, or on the network within bounds."""

import hashlib
import os
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.ground.events import Events

DIRECTORY_VARIABLE = "FLASH_WEIGHTS_DIR"
_CONNECT_SECONDS = 10.0
_STALLED_SECONDS = 20.0
_CHUNK = 1024 * 1024


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
    except _Unusable as error:
        events.warning(
            f"ImageNet weights for {name} were neither in {DIRECTORY_VARIABLE} nor could they be downloaded "
            f"({error}), so {instead}. Put {name}.pth into {DIRECTORY_VARIABLE} and train again."
        )
        return None


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


class _Transfer(threading.Thread):
    """Fetches a URL to a file; a thread, because a name server that does not answer cannot be timed out."""

    def __init__(self, url: str, target: Path) -> None:
        super().__init__(name="download", daemon=True)
        self._url, self._target = url, target
        self.last_byte = time.monotonic()
        self.digest = hashlib.sha256()
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch; `error` says what went wrong."""
        try:
            # The addresses are torchvision's own, all https.
            answer = urllib.request.urlopen(self._url, timeout=_CONNECT_SECONDS)  # noqa: S310
            with answer, self._target.open("wb") as file:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    self.digest.update(chunk)
                    self.last_byte = time.monotonic()
        except Exception as error:
            self.error = error


def _download(url: str) -> Path:
    """Fetch `url` into torchvision's cache; raises _Unusable when it stalls, fails or is not what its name says."""
    folder, file = _cache(), url.rsplit("/", 1)[-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _Unusable("the cache folder cannot be written") from error
    temporary = folder / f"{file}.{os.getpid()}.tmp"
    transfer = _Transfer(url, temporary)
    transfer.start()
    try:
        while transfer.is_alive():
            transfer.join(0.1)
            if time.monotonic() - transfer.last_byte > _STALLED_SECONDS:
                raise _Unusable("the network is not responding")
        if transfer.error is not None:
            raise _Unusable("the network blocks it")
        wanted = file.rsplit(".", 1)[0].rsplit("-", 1)[-1]
        if not transfer.digest.hexdigest().startswith(wanted):
            raise _Unusable("the download was damaged")
        os.replace(temporary, folder / file)
    finally:
        temporary.unlink(missing_ok=True)
    return folder / file
