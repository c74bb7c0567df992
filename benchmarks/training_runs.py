"""Trains and tests without the site: `python -m training` on a folder, then the bundle on pictures it never saw."""

import itertools
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.site import DATA, ROOT
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.recipe import FIELDS, Recipe, resolve

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """One finished training: whole process in seconds, of the processor, too; memory in MB; its events and report."""

    folder: Path
    seconds: float
    processor: float
    peak_mb: float
    events: list[dict[str, Any]]
    report: dict[str, Any]

    @property
    def gpu_mb(self) -> int:
        """What the training took of the GPU's memory at most."""
        words = [e["message"].split() for e in self.events if "GPU's memory" in e.get("message", "")]
        return int(words[-1][5]) if words else 0


def picture_sets() -> list[str]:
    """The sets of pictures in the data folder."""
    return sorted(path.parent.name for path in (DATA / "images").glob("*/train.zip"))


def pictures_of(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    """(class, name, bytes) of each picture of a zip with one folder per class."""
    with zipfile.ZipFile(archive) as file:
        for name in sorted(file.namelist()):
            path = Path(name)
            if path.suffix.lower() in _SUFFIXES:
                yield path.parts[-2], path.name, file.read(name)


def unpack(archive: Path, folder: Path) -> None:
    """The pictures of a zip, one folder per class."""
    for label, name, data in pictures_of(archive):
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / name).write_bytes(data)


def run_dir(folder: Path, task: str, values: Mapping[str, Any]) -> Path:
    """Write config.json beside `folder`/data; names of Recipe that no user sets override what is resolved."""
    config = resolve(task, {name: value for name, value in values.items() if name in FIELDS}).to_json()
    config |= {"nice": 0} | {name: value for name, value in values.items() if name not in FIELDS}
    Recipe.from_json(config)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"config": config, "task_name": "benchmark"}))
    return folder


def train(folder: Path) -> Trained:
    """The whole child process, from its start to the saved bundle; raises RuntimeError when it fails."""
    environment = os.environ.copy()
    if (DATA / "weights").is_dir():
        environment.setdefault("FLASH_WEIGHTS_DIR", str(DATA / "weights"))
    started = time.monotonic()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "training", str(folder)], cwd=ROOT, env=environment, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    events = [json.loads(line) for line in (folder / "stdout").read_text().splitlines()]
    if child.returncode:
        raise RuntimeError(f"{events[-1:]} {(folder / 'stderr').read_text()[-2000:]}")
    report = json.loads((folder / "bundle" / "report.json").read_text())
    return Trained(
        folder=folder,
        seconds=seconds,
        processor=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        events=events,
        report=report,
    )


def accuracy_on(bundle: Path, archive: Path, threads: int = 2) -> float:
    """Share of the pictures of a zip that model.onnx gets right."""
    classifier = OnnxClassifier(bundle, threads)
    classes = classifier.manifest.classes
    right = total = 0
    samples = pictures_of(archive)
    while batch := list(itertools.islice(samples, 64)):
        best = classifier.predict([data for _, _, data in batch]).argmax(1)
        right += sum(classes[i] == label for i, (label, _, _) in zip(best, batch, strict=True))
        total += len(batch)
    return right / total
