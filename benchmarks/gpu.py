"""What a training takes on a GPU: whole jobs, and the loop against the bare network at its best.

    make bench NAME=gpu [ARGS="--base OTHER_CHECKOUT --only jobs,loops --compile"]

Needs PyTorch and what a training needs, no Django. With --base the same jobs run in another checkout, for the ratios.
The bare network has its data on the device, and the best of batches of 64 and 256, replayed as a CUDA graph, counts;
with --compile, which takes a minute a network, torch.compile as well.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.site import DATA, ROOT, bar
from benchmarks.training_runs import accuracy_on, run_dir, unpack

_NETWORKS = ("mobilenet_v2", "resnet34", "efficientnet_b0", "vit_b_16", "convnext_tiny")
_STEPS, _PICTURES = 40, 3_000
# Test accuracy in percent that the same preset reaches on a CPU (benchmarks/RESULTS.md).
_ON_CPU = {"trashnet-mini": 86.3, "cifar10-5k": 81.2, "trec6": 91.0}
# Seconds within which a trainer that waits has loaded its libraries.
_READY = 12
_JOB = """
import json, sys
from pathlib import Path
from benchmarks.training_runs import run_dir, train
done = train(run_dir(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])))
print(json.dumps({"seconds": done.seconds, "report": done.report}))
"""


def main() -> None:
    """Run the sections and print their bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--base", type=Path, help="a checkout to compare with")
    parser.add_argument("--only", default="kernels,jobs,waiting,loops", help="sections, with commas between")
    parser.add_argument("--networks", default=",".join(_NETWORKS))
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("FLASH_WEIGHTS_DIR", str(DATA / "weights"))
    sections = {"kernels": kernels, "jobs": jobs, "waiting": waiting, "loops": loops}
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as name:
        for section in options.only.split(","):
            started = time.monotonic()
            for line in sections[section](Path(name), options):
                print(line, flush=True)
            print(f"{section}: {time.monotonic() - started:.0f} s", flush=True)


def kernels(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Whether the kernels for depthwise convolutions can be compiled, and agree with the processor."""
    import torch

    from training.engine.depthwise import kernels_for

    wanted = [(dtype, side) for dtype in (torch.float32, torch.bfloat16, torch.float16) for side in (3, 5, 7)]
    started = time.monotonic()
    good = [kernels_for(dtype, side) is not None for dtype, side in wanted]
    yield f"kernels compiled and checked: {sum(good)} of {len(wanted)} in {time.monotonic() - started:.1f} s"
    bar("depthwise_kernels_agree", sum(good) / len(wanted), 1.0)


# --- Whole jobs ---------------------------------------------------------------------------------------------------


def job(folder: Path, task: str, values: dict[str, Any], data: Path, root: Path = ROOT) -> dict[str, Any]:
    """A whole training by the checkout at `root`: {"seconds", "report"}."""
    folder.mkdir(parents=True)
    (folder / "data").symlink_to(data)
    command = [sys.executable, "-c", _JOB, str(folder), task, json.dumps(values)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr[-1500:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _told(name: str, done: dict[str, Any], accuracy: float) -> str:
    phases = {k: v for k, v in done["report"]["seconds"].items() if v >= 0.3}
    return f"{name}: {done['seconds']:.1f} s, {accuracy:.2f} % on the test part; {phases}"


def jobs(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """MobileNet V2 Balanced twice, cifar10-5k, LSTM; each in the base as well where there is one."""
    trash = folder / "trashnet"
    unpack(DATA / "images" / "trashnet-mini" / "train.zip", trash)
    balanced = {"preset": "balanced", "model": "mobilenet_v2"}
    done = [job(folder / f"mobilenet{i}", "imageclassification", balanced, trash) for i in (1, 2)]
    yield _pictures(folder / "mobilenet1", done[0], "trashnet-mini", "mobilenet_v2 Balanced, trashnet-mini")
    losses = [[e["val_loss"] for e in each["report"]["epochs"]] for each in done]
    worst = max(abs(a - b) / max(abs(b), 1e-9) for a, b in zip(*losses, strict=True))
    yield f"repeated: losses differ by {worst:.1e} at most, {_differing_tensors(folder)}"
    bar("repeated_losses_differ_by_at_most", worst, 1e-5, at_least=False)
    if (cifar := DATA / "images" / "cifar10-5k" / "train.zip").exists():
        unpack(cifar, folder / "cifar")
        small = job(folder / "small", "imageclassification", balanced, folder / "cifar")
        yield _pictures(folder / "small", small, "cifar10-5k", "mobilenet_v2 Balanced, cifar10-5k")
    recurrent = {"preset": "balanced", "model": "lstm"}
    lstm = job(folder / "lstm", "textclassification", recurrent, _texts(folder))
    right = _right_texts(folder / "lstm" / "bundle")
    yield f"{_told('lstm Balanced, trec6', lstm, right)}; {_epoch(lstm):.3f} s an epoch"
    bar("lstm_trec6_above_cpu_points", right - _ON_CPU["trec6"], -1.0)
    if options.base:
        old = job(folder / "old", "imageclassification", balanced, trash, options.base)
        accuracy = 100 * accuracy_on(folder / "old" / "bundle", _test("trashnet-mini"), 8)
        yield _told("the base: mobilenet_v2 Balanced, trashnet-mini", old, accuracy)
        bar("mobilenet_v2_process_to_base", old["seconds"] / done[0]["seconds"], 3.0)
        bar("mobilenet_v2_training_to_base", _training(old) / _training(done[0]), 8.0)
        old = job(folder / "old_lstm", "textclassification", recurrent, _texts(folder), options.base)
        bar("lstm_epoch_to_base", _epoch(old) / _epoch(lstm), 3.0)


def _pictures(run: Path, done: dict[str, Any], data: str, name: str) -> str:
    accuracy = 100 * accuracy_on(run / "bundle", _test(data), 8)
    bar(f"{data}_above_cpu_points", accuracy - _ON_CPU[data], -1.0)
    return _told(name, done, accuracy)


def _test(data: str) -> Path:
    return Path(DATA / "images" / data / "test.zip")


def _training(done: dict[str, Any]) -> float:
    return float(done["report"]["seconds"]["training"])


def _epoch(done: dict[str, Any]) -> float:
    seconds = sorted(e["seconds"] for e in done["report"]["epochs"])
    return float(seconds[len(seconds) // 2])


def _differing_tensors(folder: Path) -> str:
    from safetensors.torch import load_file

    one, other = (load_file(folder / f"mobilenet{i}" / "bundle" / "model.safetensors") for i in (1, 2))
    differ = {name: float((one[name].double() - other[name].double()).abs().max()) for name in one}
    worst = max(differ, key=lambda name: differ[name])
    return f"{sum(map(bool, differ.values()))} of {len(one)} tensors differ, the most {worst} by {differ[worst]:.1e}"


def _texts(folder: Path) -> Path:
    data = folder / "trec6"
    data.mkdir(exist_ok=True)
    (data / "data.csv").write_bytes((DATA / "text" / "trec6" / "train.csv").read_bytes())
    return data


def _right_texts(bundle: Path) -> float:
    from training.bundle.onnx_classifier import OnnxClassifier

    classifier = OnnxClassifier(bundle, 8)
    with (DATA / "text" / "trec6" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    best = classifier.predict([row["input"] for row in rows]).argmax(1)
    right = sum(classifier.manifest.classes[i] == row["label"] for i, row in zip(best, rows, strict=True))
    return 100 * right / len(rows)


def waiting(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """A trainer that waits, from the name of RUN_DIR to its bundle: ResNet-34 Balanced and MobileNet V2 Quick."""
    import torch

    from training.kinds.pictures.networks.vision import torchvision_models

    weights = Path(os.environ["FLASH_WEIGHTS_DIR"]) / "resnet34.pth"
    made = not weights.exists()
    if made:
        # Without the real ones: the time is the same.
        torch.manual_seed(0)
        torch.save(torchvision_models().resnet34().state_dict(), weights)
    thousand = folder / "thousand"
    unpack(DATA / "images" / "trashnet-mini" / "train.zip", thousand)
    for number, picture in enumerate(sorted(thousand.rglob("*.*"))):
        if number % 9 > 4:
            picture.unlink()
    count = sum(1 for _ in thousand.rglob("*.*"))
    for model, preset, goal in (("resnet34", "balanced", 10.0), ("mobilenet_v2", "quick", 4.0)):
        run = run_dir(folder / f"waits_{model}", "imageclassification", {"preset": preset, "model": model})
        (run / "data").symlink_to(thousand)
        seconds = _waited(run)
        report = json.loads((run / "bundle" / "report.json").read_text())
        phases = {k: v for k, v in report["seconds"].items() if v >= 0.1}
        yield f"{model} {preset}, {count} pictures, waiting trainer: {seconds:.1f} s; {phases}"
        bar(f"waiting_{model}_{preset}_seconds", seconds, goal, at_least=False)
    if made:
        weights.unlink()


def _waited(run: Path) -> float:
    child = subprocess.Popen(
        [sys.executable, "-m", "training", "--wait", "0"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    time.sleep(_READY)
    started = time.monotonic()
    child.communicate(f"{run}\n", timeout=120)
    if child.returncode:
        raise RuntimeError((run / "stderr.log").read_text()[-1500:])
    return time.monotonic() - started


# --- The loop -----------------------------------------------------------------------------------------------------


def loops(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Pictures/s of the training loop and of the bare network at its best, network by network."""
    import torch

    for name in options.networks.split(","):
        started = time.monotonic()
        ours, batch = _our_speed(folder / name, name)
        between = time.monotonic()
        bare = {f"graph, batch {size}": _bare_speed(name, size) for size in (64, 256)}
        if options.compile:
            bare["compiled, batch 256"] = _bare_speed(name, 256, compiled=True)
        best = max(bare, key=lambda key: bare[key])
        yield (
            f"{name}: loop {ours:.0f} pictures/s at batch {batch} ({between - started:.1f} s with all preparations), "
            f"bare {bare[best]:.0f} ({best}); { ({k: round(v) for k, v in bare.items()}) }"
        )
        bar(f"{name}_loop_share_of_bare", ours / bare[best], 0.7)
        torch.cuda.empty_cache()


def _our_speed(folder: Path, name: str) -> tuple[float, int]:
    import dataclasses
    import io

    import numpy as np

    from training.engine.checkpoint import Checkpoint
    from training.engine.device import choose_device, make_repeatable
    from training.engine.loop import Training
    from training.ground.control import Control
    from training.ground.events import Events
    from training.ground.recipe import resolve
    from training.kinds.pictures.gpu_batches import with_gpu_batches
    from training.kinds.pictures.learner import PictureLearner
    from training.kinds.pictures.networks.vision import PictureClassifier

    device = choose_device("auto")
    config = resolve("imageclassification", {"preset": "balanced", "model": name})
    # All blocks learn on both sides, from whole pictures.
    config = dataclasses.replace(config, frozen_share=0.0, small_share=0.0)
    config = with_gpu_batches(config, device, _PICTURES)
    make_repeatable(1)
    model = PictureClassifier(name, 10)
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (_PICTURES, 224, 224, 3), dtype=np.uint8)
    labels, everything = random.integers(0, 10, _PICTURES), np.arange(_PICTURES)
    learner = PictureLearner(model, pixels, labels, (everything, everything[:1]), config, device)
    events = Events(io.StringIO())
    checkpoint = Checkpoint(folder, "", events)
    training = Training(learner, config, events=events, control=Control(), checkpoint=checkpoint)
    model.train()
    queue: list[Any] = []

    def step() -> None:
        if not queue:
            queue.extend(learner.batches(1))
        training._step(queue.pop(), 1_000)

    size = len(learner.batches(1)[0])
    return size / _seconds(step, 4), size


def _bare_speed(name: str, batch: int, *, compiled: bool = False) -> float:
    import torch
    from torch.nn import functional

    from training.engine.depthwise import use_fast_depthwise
    from training.engine.device import choose_device, mixed_precision
    from training.engine.optimizers import Group, Optimizer
    from training.kinds.pictures.networks.vision import PictureClassifier

    device = choose_device("auto")
    model = PictureClassifier(name, 10)
    use_fast_depthwise(model)
    model = model.to(device).to(memory_format=torch.channels_last).train()
    network: Callable[..., Any] = torch.compile(model.network) if compiled else model.network
    optimizer = Optimizer("adamw", [Group(list(model.parameters()))], 0.01)
    pictures = torch.randn(batch, 3, 224, 224, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(batch, dtype=torch.int64, device=device)
    rate = torch.full((), 1e-4, device=device)

    def step() -> None:
        with mixed_precision(device):
            logits = model.head(network(pictures))
        torch.autograd.backward(functional.cross_entropy(logits.float(), labels))
        optimizer.step(rate)

    if device.type != "cuda":
        return batch / _seconds(step, 1)
    for _ in range(3):
        step()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return max(batch / _seconds(graph.replay, 2), batch / _seconds(step, 2) if compiled else 0.0)


def _seconds(step: Callable[[], None], warm_up: int) -> float:
    """Of one of many steps in a row."""
    import torch

    on_gpu = torch.cuda.is_available()
    for _ in range(warm_up):
        step()
    if on_gpu:
        torch.cuda.synchronize()
    started, steps = time.monotonic(), _STEPS if on_gpu else 2
    for _ in range(steps):
        step()
    if on_gpu:
        torch.cuda.synchronize()
    return (time.monotonic() - started) / steps


if __name__ == "__main__":
    main()
