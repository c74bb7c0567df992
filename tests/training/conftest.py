"""Fixtures of the training package's tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_weights_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds weights, or writes downloads, outside of its own folder."""
    monkeypatch.delenv("FLASH_WEIGHTS_DIR", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True)
def _same_random_numbers() -> Iterator[None]:
    """Torch's generator starts alike in each test."""
    import torch

    threads = torch.get_num_threads()
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with (random) weights for mobilenet_v3_small, as FLASH_WEIGHTS_DIR would name it."""
    import torch

    from training.kinds.pictures.networks.vision import torchvision_models

    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(1)
    torch.save(torchvision_models().mobilenet_v3_small().state_dict(), folder / "mobilenet_v3_small.pth")
    return folder


@pytest.fixture
def with_weights(weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """FLASH_WEIGHTS_DIR names `weights_dir`."""
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", os.fspath(weights_dir))
    return weights_dir
