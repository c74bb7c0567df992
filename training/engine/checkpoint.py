"""Keeps the state of a training on disk, whole or not at all, so that a later attempt continues from there."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import torch

from training.ground.events import Events
from training.ground.recipe import Recipe

FILE = "last.pt"
# Saving may take this share of the time at most; large models then save less often than every epoch.
_SHARE_OF_TIME = 0.05


class Checkpoint:
    """The file RUN_DIR/checkpoint/last.pt; `fingerprint` says which config and data it belongs to."""

    def __init__(self, folder: Path, fingerprint: str, events: Events) -> None:
        self._path = folder / FILE
        self._fingerprint = fingerprint
        self._events = events
        self._not_before = 0.0

    def load(self) -> dict[str, Any] | None:
        """The saved state, or None when there is none that fits."""
        if not self._path.exists():
            return None
        try:
            saved = torch.load(self._path, map_location="cpu", weights_only=True)
        except Exception:  # torch raises nearly anything on a damaged file
            self._events.warning("The checkpoint could not be read, so the training starts again.")
            return None
        if saved.get("fingerprint") != self._fingerprint:
            return None
        state: dict[str, Any] = saved["state"]
        return state

    def save(self, state: dict[str, Any], *, force: bool = False) -> None:
        """Replace the file by `state`; skipped (unless forced) when saving takes too much of the time."""
        started = time.monotonic()
        if not force and started < self._not_before:
            return
        temporary = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            torch.save({"fingerprint": self._fingerprint, "state": state}, temporary)
            os.replace(temporary, self._path)
        except (OSError, RuntimeError):
            # A full disk must not end a training that may still succeed.
            temporary.unlink(missing_ok=True)
            self._events.warning(
                "The checkpoint could not be saved; is the disk full? The training continues."
            )
        finished = time.monotonic()
        self._not_before = finished + (finished - started) / _SHARE_OF_TIME

    def remove(self) -> None:
        """Forget the state."""
        self._path.unlink(missing_ok=True)


def fingerprint(recipe: Recipe, *facts: Any) -> str:
    """Identifies recipe and data, so that a checkpoint is only used for what it was made from."""
    told = json.dumps([recipe.to_json(), *facts])
    return hashlib.sha256(told.encode()).hexdigest()


def random_state() -> dict[str, torch.Tensor]:
    """The state of PyTorch's random number generators."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def restore_random_state(state: dict[str, torch.Tensor]) -> None:
    """Continue the random numbers where `random_state` was taken."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
