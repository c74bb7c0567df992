"""The child process: JSON lines, exit codes, signals, and no life after its parent."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.training.datasets import text_run_dir

ROOT = Path(__file__).parents[2]
LONG = {"model": "lstm", "hidden": 16, "embedding": 12, "batch_size": 4, "epochs": 200, "early_stopping": 0}


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "training", str(folder), *more]


def events_of(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def finished(folder: Path, *more: str) -> tuple[int, list[dict]]:
    done = subprocess.run(
        command(folder, *more), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, events_of(done.stdout)


@pytest.mark.slow
def test_it_tells_how_it_goes_and_leaves_a_bundle(tmp_path):
    code, events = finished(text_run_dir(tmp_path), "--parent-pid", str(os.getpid()))
    assert code == 0
    phases = [(e["phase"], e.get("detail", "")) for e in events if e["event"] == "phase"]
    assert [name for name, _ in phases] == ["preparing", "training", "training", "exporting"]
    assert phases[2][1] == "measuring in 10 folds"
    assert events[-1]["event"] == "result"
    shares = [e["progress"] for e in events if e["event"] == "progress"]
    assert shares == sorted(shares)
    assert (tmp_path / "bundle/model.json").exists()
    assert not (tmp_path / "bundle.tmp").exists()


@pytest.mark.slow
def test_it_waits_with_its_libraries_loaded_and_leaves_when_nobody_comes(tmp_path):
    started = [sys.executable, "-m", "training", "--wait", "3", "--parent-pid", str(os.getpid())]
    options = {"cwd": ROOT, "capture_output": True, "check": False, "timeout": 120}
    folder = text_run_dir(tmp_path)
    done = subprocess.run(started, input=f"{folder}\n".encode(), **options)
    assert done.returncode == 0
    assert (folder / "bundle/model.json").exists()
    assert (folder / "stderr.log").exists()
    seconds = json.loads((folder / "bundle/report.json").read_text())["seconds"]
    assert seconds["start"] + seconds["import"] < 0.5
    assert subprocess.run(started, input=b"", **options).returncode == 0
    nobody = subprocess.run(started[:3], input=b"", **options)
    assert nobody.returncode == 2
    assert b"RUN_DIR" in nobody.stderr


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "{}", '{"config": {"version": 1}}', None])
def test_a_bad_configuration_is_an_error_event(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    code, events = finished(tmp_path)
    assert code == 1
    assert events[-1]["event"] == "error"
    assert events[-1]["code"] == "config_invalid"


@pytest.mark.slow
def test_a_fault_in_the_program_is_told_without_a_traceback(tmp_path):
    folder = text_run_dir(tmp_path)
    (folder / "data/data.csv").unlink()
    (folder / "data/data.csv").mkdir()
    code, events = finished(folder)
    assert code == 1
    assert events[-1]["code"] == "internal_error"
    assert "Traceback" not in json.dumps(events)


@pytest.mark.slow
def test_it_leaves_at_once_when_the_parent_is_gone_already(tmp_path):
    code, events = finished(text_run_dir(tmp_path), "--parent-pid", "1")
    assert code == 1
    assert events == []


@pytest.mark.slow
def test_sigterm_saves_a_checkpoint_from_which_the_next_attempt_continues(tmp_path):
    folder = text_run_dir(tmp_path, **LONG)
    with subprocess.Popen(command(folder), cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
        assert child.wait(60) == 75
    assert (folder / "checkpoint/last.pt").exists()
    with subprocess.Popen(command(folder), cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        epochs = (e for e in map(json.loads, child.stdout) if e["event"] == "epoch")
        assert next(epochs)["epoch"] > 1
        child.kill()


@pytest.mark.slow
def test_it_dies_with_its_parent(tmp_path):
    folder = text_run_dir(tmp_path, **LONG)
    parent = textwrap.dedent("""
        import os, subprocess, sys
        child = subprocess.Popen([*sys.argv[1:], "--parent-pid", str(os.getpid())], stdout=subprocess.PIPE)
        child.stdout.readline()
        print(child.pid, flush=True)
        os.kill(os.getpid(), 9)
    """)
    done = subprocess.run(
        [sys.executable, "-c", parent, *command(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    child = int(done.stdout)
    # Killed processes vanish, or stay as zombies where nobody collects them.
    for _ in range(1000):
        status = Path(f"/proc/{child}/stat")
        try:
            if status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
        except (FileNotFoundError, ProcessLookupError):
            break
        os.sched_yield()
    else:
        os.kill(child, 9)
        pytest.fail("the child outlived its parent")
