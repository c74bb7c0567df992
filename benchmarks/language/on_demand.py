"""A process that reads the same sentences whenever it is asked to, so that two of them can take turns."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.site import ROOT

# As the training process does it, for both sides: threads that wait do so without taking time from others.
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}


def answer(ways: Mapping[str, Callable[[list[str]], NDArray[Any]]]) -> None:
    """Reads the JSON file of sentences that the second argument names by the way that each line asks for.

    Each is answered by {"seconds", "processor"} as JSON; what was found lies in the folder that the third one names.
    """
    sentences = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    for way in ways.values():
        way(sentences[:100])
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        started, processor = time.perf_counter(), sum(os.times()[:2])
        found = ways[name](sentences)
        told = {"seconds": time.perf_counter() - started, "processor": sum(os.times()[:2]) - processor}
        np.save(Path(sys.argv[3]) / f"{name}.npy", found)
        print(json.dumps(told), flush=True)


class OnDemand:
    """Such a process, from outside; exits where it fails."""

    def __init__(self, python: Path, module: str, *arguments: object) -> None:
        self._out = Path(str(arguments[2]))
        self._out.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [python, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._line()

    def ask(self, way: str = "usual") -> tuple[float, float]:
        """Seconds on the clock and of processor time."""
        assert self._process.stdin is not None
        print(way, file=self._process.stdin, flush=True)
        told = json.loads(self._line())
        return told["seconds"], told["processor"]

    def found(self, way: str = "usual") -> NDArray[Any]:
        """The embeddings that it found last, float32 [N, W]."""
        found: NDArray[Any] = np.load(self._out / f"{way}.npy")
        return found

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(map(str, self._process.args[:3]))} failed")  # type: ignore[index]
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
