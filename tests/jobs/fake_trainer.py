"""Stands in for `python -m training`: same command line, same events, ends as FAKE_TRAINER_MODE says."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def train(run_dir: Path) -> None:
    say("phase", phase="preparing", detail="Reading the data")
    for epoch in (1, 2):
        say(
            "epoch",
            epoch=epoch,
            train_loss=1 / epoch,
            train_accuracy=0.5,
            val_loss=float("nan"),
            val_accuracy=0.25 * epoch,
            learning_rate=0.1,
            seconds=0.01,
            epochs=3,
        )
        say("progress", progress=epoch / 2, eta_seconds=2 - epoch)
    print("this is not an event", flush=True)
    say("something_new", detail="kinds may be added")
    say("warning", message="The class “rare” has only two samples.")


def main() -> None:
    waits = sys.argv[1] == "--wait"
    run_dir, mode = (
        Path(sys.stdin.readline().strip() if waits else sys.argv[1]),
        os.environ["FAKE_TRAINER_MODE"],
    )
    assert json.loads((run_dir / "config.json").read_text())["config"]["model"]
    assert (run_dir / "data" / "data.csv").read_text().startswith("input,label\n")
    assert "FLASH_SECRET_KEY" not in os.environ
    if mode == "crash":
        print("Traceback: something internal", file=sys.stderr)
        sys.exit(3)
    if mode == "oom":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "bad data":
        say("error", code="bad_data", message="All pictures of the class “cat” are unreadable.")
        sys.exit(1)
    if mode == "hang":
        if not (run_dir / "checkpoint").exists():
            (run_dir / "checkpoint").mkdir()
            (run_dir / "checkpoint" / "last.pt").write_text("half-way")
        signal.signal(signal.SIGTERM, lambda *_: os._exit(75))
        say("phase", phase="training")
        time.sleep(20)
        sys.exit("nobody stopped me")
    if "FAKE_TRAINER_EARLY" in os.environ:
        shutil.copytree(os.environ["FAKE_TRAINER_EARLY"], run_dir / "early")
        say("early", accuracy=0.5)
    if mode.startswith("until told"):
        told = []
        signal.signal(signal.SIGUSR1, lambda *_: told.append(True))
        helper = subprocess.Popen(["sleep", "30"])
        say("phase", phase="training")
        if mode == "until told, an epoch":
            train(run_dir)
        deadline = time.monotonic() + 20
        while not told and time.monotonic() < deadline:
            time.sleep(0.02)
        assert helper.poll() is None, "the helper was killed"
        helper.kill()
        helper.wait()
        if mode == "until told, nothing" or not told:
            say(
                "error",
                code="deadline_exceeded",
                message="The training was stopped before the first epoch was finished.",
            )
            sys.exit(1)
    if mode == "needs checkpoint":
        assert (run_dir / "checkpoint" / "last.pt").read_text() == "half-way"
    train(run_dir)
    shutil.copytree(os.environ["FAKE_TRAINER_BUNDLE"], run_dir / "bundle")
    say("result", accuracy=0.5)


main()
