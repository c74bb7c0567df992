"""Where the time of a training goes, and whether the training loop waits for anything but arithmetic.

    make bench NAME=where_time_goes [ARGS="--set hymenoptera-224 --preset balanced --steps 30"]

First a whole job: seconds and share of each phase. Then the training loop (pictures taken, augmented, figures
kept) and the bare network with the same optimizer on a batch that already lies on the device, step by step in
turns, so that whatever else the machine does slows both: pictures/s of the median step of each.
"""

import argparse
import dataclasses
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

# As in the child process, and before torch is loaded: threads that wait sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch.nn import functional

from benchmarks.site import DATA, bar
from benchmarks.training_runs import run_dir, train, unpack
from training.engine.checkpoint import Checkpoint
from training.engine.device import choose_device, describe, mixed_precision
from training.engine.loop import Training
from training.engine.optimizers import Optimizer
from training.ground.control import Control, available_cores
from training.ground.events import Events
from training.ground.recipe import Recipe, resolve
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.learner import PictureLearner
from training.kinds.pictures.networks.vision import PictureClassifier
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.pictures.reading import read_pictures

GOALS = {"cpu": 0.9, "cuda": 0.7}
_WARM_UP = 2


def main() -> None:
    """Print the phases of a job and the speed of the loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", default="hymenoptera-224")
    parser.add_argument("--preset", default="quick", help="of the job whose phases are shown")
    parser.add_argument("--model", default="mobilenet_v2")
    parser.add_argument("--steps", type=int, default=20, help="of each, whose median counts")
    options = parser.parse_args()
    os.environ.setdefault("FLASH_WEIGHTS_DIR", str(DATA / "weights"))
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as name:
        folder = Path(name)
        unpack(DATA / "images" / options.set / "train.zip", folder / "data")
        _phases(folder, options)
        _loop(folder, options)


def _phases(folder: Path, options: argparse.Namespace) -> None:
    values = {"preset": options.preset, "model": options.model}
    trained = train(run_dir(folder, "imageclassification", values))
    seconds = dict(trained.report["seconds"])
    seconds["rest"] = trained.seconds - sum(seconds.values())
    print(
        f"{options.set}, {options.model} {options.preset}, {trained.report['device']}: {trained.seconds:.1f} s"
    )
    for phase, value in seconds.items():
        print(f"  {phase:12} {value:7.2f} s {value / trained.seconds:6.1%}")


def _loop(folder: Path, options: argparse.Namespace) -> None:
    config = resolve("imageclassification", {"preset": "balanced", "model": options.model})
    # All blocks learn on both sides, from whole pictures: else the loop would win by other means than not waiting.
    config = dataclasses.replace(config, frozen_share=0.0, small_share=0.0)
    device = choose_device("auto")
    torch.set_num_threads(available_cores())
    ours, count = _our_step(folder, config, device)
    bare = _bare_step(config, device)
    spent: list[list[float]] = [[], []]
    for number in range(_WARM_UP + options.steps):
        for which, step in enumerate((ours, bare)):
            started = time.monotonic()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if number >= _WARM_UP:
                spent[which].append(time.monotonic() - started)
    speeds = [config.batch_size / statistics.median(seconds) for seconds in spent]
    print(
        f"{describe(device)}, {options.model}, batch {config.batch_size}, {count} pictures: training loop "
        f"{speeds[0]:.1f} pictures/s, the bare network {speeds[1]:.1f} pictures/s"
    )
    bar(f"training_loop_share_of_bare_network_{device.type}", speeds[0] / speeds[1], GOALS[device.type])


def _our_step(folder: Path, config: Recipe, device: torch.device) -> tuple[Callable[[], None], int]:
    samples = read_pictures(folder / "data")
    side = 224
    chunks = decode_in_chunks(samples.items, PicturePreprocess(side, side), available_cores())
    pixels = np.concatenate([chunk for _, chunk, _ in chunks])
    model = PictureClassifier(config.model, len(samples.classes))
    everything = np.arange(len(pixels))
    learner = PictureLearner(model, pixels, samples.labels, (everything, everything[:1]), config, device)
    events = Events(io.StringIO())
    checkpoint = Checkpoint(folder / "checkpoint", "", events)
    training = Training(learner, config, events=events, control=Control(), checkpoint=checkpoint)
    model.train()
    queue = list(learner.batches(1))

    def step() -> None:
        if len(queue[0]) != config.batch_size or len(queue) == 1:
            queue[:] = learner.batches(1)
        training._step(queue.pop(0), 1_000)

    return step, len(pixels)


def _bare_step(config: Recipe, device: torch.device) -> Callable[[], None]:
    model = PictureClassifier(config.model, 10).to(device).to(memory_format=torch.channels_last).train()
    empty = np.zeros((1, 1, 1, 3), np.uint8)
    none = np.zeros(1, np.int64)
    groups = PictureLearner(model, empty, none, (none, none), config, device).groups()
    optimizer = Optimizer(config.optimizer, groups, config.weight_decay)
    pictures = torch.randn(config.batch_size, 3, 224, 224, device=device)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(config.batch_size, dtype=torch.int64, device=device)

    def step() -> None:
        with mixed_precision(device):
            logits = model.head(model.network(pictures))
        torch.autograd.backward(functional.cross_entropy(logits.float(), labels))
        optimizer.clip(config.clip_norm)
        optimizer.step(1e-4)

    return step


if __name__ == "__main__":
    main()
