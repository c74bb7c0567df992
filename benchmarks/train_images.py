"""Preset Quick against a plain loop: whole process against whole process, start to saved model, on the CPU.

    make bench NAME=train_images [ARGS="--sets hymenoptera-224 --runs 3"]

Both train MobileNet V2 with a frozen backbone from the same weights on the same split. The plain loop
(benchmarks/plain_pictures.py) takes minutes: Flash runs `--runs` times and its median counts.

    make bench NAME=train_images ARGS="--sets hymenoptera-224 --fastai /path/to/python"

compares preset Balanced with fastai's `fine_tune` of as many epochs, run by a Python that has fastai
(`uv venv FOLDER; uv pip install fastai torch==... torchvision==...` with the versions of requirements.txt).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.site import DATA, ROOT, bar
from benchmarks.training_runs import accuracy_on, run_dir, train, unpack
from training.kinds import Preset, kind_of

GOALS = {"trashnet-mini": 25.0, "hymenoptera-224": 10.0}


def main() -> None:
    """Print seconds and accuracies of both, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", default=",".join(GOALS))
    parser.add_argument("--runs", type=int, default=3, help="trainings of Flash, whose median counts")
    parser.add_argument("--without-plain", action="store_true", help="Flash alone, for a quick look")
    parser.add_argument("--fastai", metavar="PYTHON", help="Balanced against fastai, instead of all that")
    options = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("FLASH_WEIGHTS_DIR", str(DATA / "weights"))
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        if options.fastai:
            for name in options.sets.split(","):
                _compare_with_fastai(Path(folder) / name, name, options.fastai)
            return
        results = {name: _compare(Path(folder) / name, name, options) for name in options.sets.split(",")}
    for name, (ours, ours_right, plain, plain_right) in results.items():
        if plain:
            bar(f"{name} times_as_fast_as_plain_loop", plain / ours, GOALS.get(name, 10.0))
            bar(f"{name} test_accuracy_percent_against_plain", 100 * ours_right, 100 * plain_right)


def _compare_with_fastai(folder: Path, name: str, python: str) -> None:
    _unpack_both(folder, name)
    values = {"preset": "balanced", "early_stopping": 0}
    run = run_dir(folder / "run", "imageclassification", values)
    (run / "data").symlink_to(folder / "train")
    trained = train(run)
    right = accuracy_on(run / "bundle", DATA / "images" / name / "test.zip")
    epochs = kind_of("imageclassification").defaults(Preset.BALANCED, None, None)["epochs"]
    print(f"{name}: Flash Balanced, {epochs} epochs, {trained.seconds:.1f} s, test {right:.1%}", flush=True)
    seconds, other = _run_other(folder, python, "benchmarks.peers.fastai_pictures", str(epochs))
    print(f"{name}: fastai fine_tune({epochs}) {seconds:.1f} s, test {other:.1%}", flush=True)
    bar(f"{name} times_as_fast_as_fastai", seconds / trained.seconds, 1.0)
    bar(f"{name} test_accuracy_percent_against_fastai", 100 * right, 100 * other)


def _unpack_both(folder: Path, name: str) -> None:
    for part in ("train", "test"):
        unpack(DATA / "images" / name / f"{part}.zip", folder / part)


def _compare(folder: Path, name: str, options: argparse.Namespace) -> tuple[float, float, float, float]:
    _unpack_both(folder, name)
    seconds = []
    for number in range(options.runs):
        run = run_dir(folder / f"run{number}", "imageclassification", {"preset": "quick"})
        (run / "data").symlink_to(folder / "train")
        trained = train(run)
        seconds.append(trained.seconds)
        print(f"{name}: Flash Quick {trained.seconds:.1f} s {trained.report['seconds']}", flush=True)
    right = accuracy_on(run / "bundle", DATA / "images" / name / "test.zip")
    print(
        f"{name}: Flash Quick, median {statistics.median(seconds):.1f} s, test accuracy {right:.1%}",
        flush=True,
    )
    plain_seconds = plain_right = 0.0
    if not options.without_plain:
        plain_seconds, plain_right = _run_other(folder, sys.executable, "benchmarks.plain_pictures")
        print(f"{name}: plain loop {plain_seconds:.1f} s, test accuracy {plain_right:.1%}", flush=True)
    return statistics.median(seconds), right, plain_seconds, plain_right


def _run_other(folder: Path, python: str, module: str, *more: str) -> tuple[float, float]:
    """Seconds from the start of the process to the saved model, and accuracy on the test pictures."""
    started = time.monotonic()
    paths = [str(folder / part) for part in ("train", "other", "test")]
    command = [python, "-m", module, *paths, *more]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        json.loads(child.stdout.readline())
        seconds = time.monotonic() - started
        tested = json.loads(child.stdout.readline())
    return seconds, float(tested["test"])


if __name__ == "__main__":
    main()
