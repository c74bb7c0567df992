"""Other servers for the same model, each from a folder of its own packages."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_load import multipart, post
from benchmarks.site import ROOT, free_port

NAMES = ("litserve", "bentoml", "mlflow")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """A running server: where it listens, and the requests that ask it for the pictures."""

    name: str
    port: int
    requests: Sequence[bytes]
    process_id: int


def missing(folder: Path | None) -> list[str]:
    """Which of the peers are not installed in `folder`/NAME."""
    return [name for name in NAMES if folder is None or not (folder / name / name).is_dir()]


@contextmanager
def running(name: str, packages: Path, bundle: Path, pictures: Path, work: Path) -> Iterator[Contender]:
    """Start a peer with its packages in front of the others; stop all of its processes at the end."""
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}",
        "PATH": f"{packages / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PEER_BUNDLE": str(bundle),
        "OMP_NUM_THREADS": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(work / "bentoml"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{work}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (work / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            _command(name, port, work, environment), cwd=work, env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            contender = Contender(
                name=name, port=port, requests=_requests(name, pictures), process_id=process.pid
            )
            _wait_for(contender, process, work / f"{name}.log")
            yield contender
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)


def _command(name: str, port: int, work: Path, environment: dict[str, str]) -> list[str]:
    if name == "litserve":
        return [sys.executable, "-m", "benchmarks.peers.litserve_app", str(port)]
    if name == "bentoml":
        app = "benchmarks.peers.bentoml_app:Pictures"
        return [sys.executable, "-m", "bentoml", "serve", app, "--port", str(port), "--host", "127.0.0.1"]
    model = work / "mlflow-model"
    if not model.is_dir():
        command = [sys.executable, "-m", "benchmarks.peers.mlflow_app", str(model)]
        subprocess.run(command, cwd=work, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(port)]
    return [*command, "--env-manager", "local", "-w", "2"]


def _requests(name: str, pictures: Path) -> list[bytes]:
    found = []
    for file in sorted(pictures.iterdir()):
        if name == "mlflow":
            body = json.dumps({"inputs": [base64.b64encode(file.read_bytes()).decode()]}).encode()
            found.append(post("/invocations", body, "application/json"))
        else:
            found.append(multipart("/predict", "image", file.read_bytes()))
    return found


def _wait_for(contender: Contender, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers a prediction."""
    head, body = contender.requests[0].split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    url = f"http://127.0.0.1:{contender.port}{first.split()[1]}"
    deadline = time.monotonic() + 180
    reason = ""
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20):
                return
        except urllib.error.HTTPError as error:
            reason = error.read().decode("utf-8", "replace")[:500]
            time.sleep(0.5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"{contender.name} did not start: {reason}\n{log.read_text()[-3000:]}")
