"""What the arithmetic alone takes: `python -m benchmarks.serving_bare BUNDLE INPUTS` classifies without a server.

Each line `SECONDS` on its standard input makes it run that long, one input after the other, with one thread;
it answers a line of JSON with the milliseconds of each. The code is what anybody would write: the project's own
preprocessing, and onnxruntime with one thread and its other defaults.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime

from benchmarks.site import ROOT
from training.bundle.manifest import ONNX_FILE, Manifest
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.preprocess import TextPreprocess


class BareLoops:
    """`count` such processes, which run at the same time."""

    def __init__(self, bundle: Path, inputs: Path, *, count: int = 2, batch: int = 1) -> None:
        command = [sys.executable, "-m", "benchmarks.serving_bare", str(bundle), str(inputs), str(batch)]
        # Linux shares the processor among sessions, and each of the servers has one of its own.
        self._processes = [
            subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            for _ in range(count)
        ]

    def run(self, seconds: float, *, only: int | None = None) -> tuple[float, list[float]]:
        """Inputs a second of all together (or of the first `only`), and milliseconds of each step."""
        running = self._processes[:only]
        for process in running:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in running if process.stdout]
        return sum(a["rate"] for a in answers), [ms for a in answers for ms in a["milliseconds"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def _main(bundle: Path, inputs: Path, batch: int) -> None:
    manifest = Manifest.read(bundle)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(bundle / ONNX_FILE), options, providers=["CPUExecutionProvider"]
    )
    values = json.loads(inputs.read_text()) if inputs.suffix == ".json" else None
    pictures = [file.read_bytes() for file in sorted(inputs.iterdir())] if values is None else []
    text = TextPreprocess.from_json(manifest.preprocess, bundle) if values else None
    picture = None if values else PicturePreprocess.from_json(manifest.preprocess)

    def step(number: int) -> None:
        if text is not None:
            part = [values[(number * batch + i) % len(values)] for i in range(batch)]
            rows = text.encode(part)
        else:
            assert picture is not None
            rows = np.stack([picture.load(pictures[(number + i) % len(pictures)]) for i in range(batch)])
        (probabilities,) = session.run([manifest.output_name], {manifest.input_name: rows})
        probabilities.argmax(1)

    for number in range(5):
        step(number)
    for line in sys.stdin:
        started, took = time.perf_counter(), []
        while (begun := time.perf_counter()) - started < float(line):
            step(len(took))
            took.append((time.perf_counter() - begun) * 1000)
        rate = len(took) * batch / (time.perf_counter() - started)
        print(json.dumps({"rate": rate, "milliseconds": took}), flush=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
