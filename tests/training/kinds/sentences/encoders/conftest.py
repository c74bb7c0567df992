"""A tiny encoder where FLASH_WEIGHTS_DIR names it."""

import os
from pathlib import Path

import pytest

from tests.training.tiny_encoder import FOLDER, write_encoder


@pytest.fixture
def encoder_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the encoder's files."""
    folder = tmp_path / "weights" / FOLDER
    write_encoder(folder)
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", os.fspath(folder.parent))
    return folder
