"""Models that share the layers of one encoder: the memory of 200 of them in one process."""

import argparse
import subprocess
import sys
from pathlib import Path

import psutil

from benchmarks.serving_models import trained
from benchmarks.site import ROOT, bar

MODELS = 200


def main(_: argparse.Namespace, work: Path) -> None:
    """Loads them in a process of their own, which has nothing else."""
    command = [sys.executable, "-m", "benchmarks.serving_shared", str(trained(work, "encoder"))]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    one, all_of_them = map(float, done.stdout.split())
    each = (all_of_them - one) / (MODELS - 1)
    print(
        f"\nOne model on the encoder {one:.0f} MB, {MODELS} models {all_of_them:.0f} MB: {each:.1f} MB each"
    )
    bar("models_on_one_encoder_mb", all_of_them, 600, at_least=False)


def _memory_of(bundle: Path) -> None:
    """Prints the megabytes of this process with one model and with all, each of which has answered."""
    from training.bundle.onnx_classifier import OnnxClassifier

    process, loaded = psutil.Process(), []
    for number in range(MODELS):
        loaded.append(OnnxClassifier(bundle))
        loaded[-1].predict(["How many stars are there?", "What is the longest river of all?"] * 32)
        if number in (0, MODELS - 1):
            print(process.memory_info().rss / 2**20)


if __name__ == "__main__":
    _memory_of(Path(sys.argv[1]))
