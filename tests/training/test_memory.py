"""Data larger than memory: a whole training holds no more of its own memory than with a few pictures."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.datasets import picture_run_dir

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's account of memory"),
]
_LIMIT_MB = 24
_PICTURE_MB = 224 * 224 * 3 / 2**20
VALUES = {
    "preset": "quick",
    "pretrained": False,
    "model": "mobilenet_v3_small",
    "epochs": 1,
    "batch_size": 16,
}


def own_memory(folder: Path) -> float:
    """The most memory of its own, in MB, that the training of `folder` held; pages of files do not count."""
    child = subprocess.Popen(
        [sys.executable, "-m", "training", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    most = 0
    try:
        while child.poll() is None:
            lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
            most = max([most, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))])
            time.sleep(0.02)
    finally:
        child.kill()
    assert child.returncode == 0
    return most / 1024


def test_four_times_the_limit_takes_no_more_memory(tmp_path: Path) -> None:
    few = own_memory(picture_run_dir(tmp_path / "few", 12, **VALUES, picture_memory_mb=_LIMIT_MB))
    count = int(4 * _LIMIT_MB / _PICTURE_MB / 3) + 1
    many = own_memory(picture_run_dir(tmp_path / "many", count, **VALUES, picture_memory_mb=_LIMIT_MB))
    # All pictures are 96 MB. What is decoded ahead, the batches and the figures of more pictures may add a little.
    assert many - few < 2 * _LIMIT_MB
