"""Two processes give what one gives: the same losses from the same weights, on text and on pictures."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.datasets import picture_run_dir, text_run_dir

pytestmark = pytest.mark.slow
# Dropout draws other numbers in every process; batch 7 leaves uneven last batches, and one with nothing for a process.
TEXT = {"model": "lstm", "preset": "balanced", "epochs": 3, "batch_size": 7, "dropout": 0.0, "hidden": 16}
PICTURES = {"model": "resnet18", "pretrained": False, "preset": "quick", "epochs": 2, "batch_size": 9}
# Without batch norm the losses of a fresh network are steep: small steps, so that rounding stays rounding.
FIXED = {"augmentation": "none", "freeze_norms": True, "learning_rate": 0.00001}
TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1", "-m"]


def outcome(folder: Path, command: list[str] | None = None) -> tuple[list[float], float]:
    """The losses of the epochs and the accuracy of the deployed model."""
    call = [sys.executable, *(command or ["-m"]), "training", str(folder)]
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(call, capture_output=True, text=True, timeout=240, env=environment)
    assert result.returncode == 0, result.stderr[-2000:] + result.stdout[-500:]
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    losses = [value for e in events if e["event"] == "epoch" for value in (e["train_loss"], e["val_loss"])]
    return losses, next(e["accuracy"] for e in events if e["event"] == "result")


@pytest.mark.parametrize("command", [None, TORCHRUN], ids=["own", "torchrun"])
def test_sentences(tmp_path: Path, command: list[str] | None) -> None:
    losses, accuracy = outcome(text_run_dir(tmp_path / "one", **TEXT, processes=1))
    both, together = outcome(text_run_dir(tmp_path / "two", **TEXT, processes=2), command)
    assert both == pytest.approx(losses, rel=1e-3)
    assert together == accuracy


def test_pictures(tmp_path: Path) -> None:
    values: dict[str, Any] = PICTURES | FIXED
    losses, accuracy = outcome(picture_run_dir(tmp_path / "one", 6, **values, processes=1))
    both, together = outcome(picture_run_dir(tmp_path / "two", 6, **values, processes=2))
    assert both == pytest.approx(losses, rel=1e-3)
    assert together == accuracy


def test_a_process_that_dies_ends_the_job_with_a_sentence(tmp_path: Path) -> None:
    folder = text_run_dir(tmp_path / "run", **TEXT | {"epochs": 200}, processes=2)
    child = subprocess.Popen(
        [sys.executable, "-m", "training", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        os.kill(_companion_of(child.pid), signal.SIGKILL)
        out, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    last = json.loads(out.splitlines()[-1])
    assert child.returncode == 1
    assert last["event"] == "error"
    assert "ran out of memory" in last["message"]


def _companion_of(pid: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"--rank" in Path(f"/proc/{line}/cmdline").read_bytes():
                return int(line)
        time.sleep(0.1)
    raise AssertionError("no other process was started")
