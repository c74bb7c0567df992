"""A tiny encoder where FLASH_WEIGHTS_DIR names it."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.training.datasets import start
from tests.training.tiny_encoder import FOLDER, write_encoder
from training.ground.errors import Interrupted
from training.train import train


@pytest.fixture
def encoder_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the encoder's files."""
    folder = tmp_path / "weights" / FOLDER
    write_encoder(folder)
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", os.fspath(folder.parent))
    return folder


def interrupt_after_two_epochs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains in the RUN_DIR `folder` and stops there."""
    run, _ = start(folder)
    epoch = run.events.epoch

    def stop_after_two(figures: Any, epochs: int) -> None:
        epoch(figures, epochs)
        if figures.epoch == 2:
            run.control.interrupt()

    monkeypatch.setattr(run.events, "epoch", stop_after_two)
    with pytest.raises(Interrupted):
        train(run)
