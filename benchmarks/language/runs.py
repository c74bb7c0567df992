"""One training of either side, as a whole process, and the test of what came of it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.language.on_demand import ENVIRONMENT
from benchmarks.language.tables import Tables
from benchmarks.quality_text import accuracy
from benchmarks.site import DATA, ROOT
from benchmarks.training_runs import run_dir, train
from training.bundle.manifest import Manifest
from training.kinds.sentences.catalog import TASK
from training.kinds.sentences.encoders.specs import ENCODERS

WEIGHTS = Path(os.environ.get("FLASH_WEIGHTS_DIR") or DATA / "weights") / ENCODERS["minilm"].folder


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds from the start of the process until the model is saved, on the clock and of the processor; percent.

    `work` are seconds on the clock without the imports.
    """

    seconds: float
    processor: float
    work: float
    test: float


def by_flash(tables: Tables, preset: str, threads: int) -> Cost:
    """A training with MiniLM."""
    values = {"preset": preset, "model": "minilm", "threads": threads}
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), TASK, values)
        (run / "data").mkdir()
        shutil.copy(tables.train, run / "data" / "data.csv")
        trained = train(run)
        model = Manifest.read(run / "bundle").model
        if model != "minilm":
            sys.exit(f"Flash trained the model {model}: is its encoder in {WEIGHTS}?")
        parts = trained.report["seconds"]
        work = trained.seconds - parts["start"] - parts["import"]
        return Cost(trained.seconds, trained.processor, work, accuracy(run / "bundle", tables.test, threads))


def by_peer(python: Path, module: str, folder: Path, threads: int, **options: object) -> Cost:
    """A program that prints what its work took when the model is saved, and then how well that does in the test."""
    named = {"weights": WEIGHTS, "threads": threads, **options}
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as out:
        arguments = [folder, Path(out) / "model", *(f"--{name}={value}" for name, value in named.items())]
        with (Path(out) / "stderr").open("w+", encoding="utf-8") as errors:
            started = time.monotonic()
            process = subprocess.Popen(
                [python, "-m", f"benchmarks.language.{module}", *map(str, arguments)],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            assert process.stdout is not None
            saved = _told(process.stdout, "seconds")
            seconds = time.monotonic() - started
            tested = _told(process.stdout, "test")
            if process.wait() or not saved or not tested:
                errors.seek(0)
                sys.exit(f"{module} failed:\n{errors.read()[-3000:]}")
    return Cost(seconds, saved["processor"], saved["seconds"], 100 * tested["test"])


def _told(lines: Iterable[str], name: str) -> dict[str, float]:
    """The next line that is JSON with this name; libraries print lines of their own."""
    for line in lines:
        if line.startswith('{"') and name in (told := json.loads(line)):
            return dict(told)
    return {}
