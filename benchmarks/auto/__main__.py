"""Preset Auto in so many minutes: beside Balanced, and beside FLAML on features of the same frozen network.

    make bench NAME=auto
    make bench NAME=auto ARGS='--sets trec6 trashnet-mini --minutes 3 --no-peer'

Everything learns from the same training file, with two threads, in a process of its own, and is tested on the test
file of the set. FLAML gets the same minutes, of which the features take their part: MiniLM's sentence embeddings,
MobileNet V2's last layer, with the weights in the data folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality_text import accuracy
from benchmarks.site import DATA, ROOT, bar
from benchmarks.tools_environment import python_beside_torch
from benchmarks.training_runs import accuracy_on, picture_sets, run_dir, train, unpack

_THREADS = 2
_PEER_SETS = ("trec6", "mr", "banking77", "trashnet-mini", "cats-dogs-mini", "clothing-mini")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Test accuracy, what was shown with its interval (all shares), seconds of the whole process, trials."""

    test: float
    shown: float
    interval: tuple[float, float]
    seconds: float
    trials: str


def _text_sets() -> list[str]:
    return sorted(path.parent.name for path in (DATA / "text").glob("*/train.csv"))


def _flash(name: str, preset: str, minutes: float) -> Result:
    is_pictures = name in picture_sets()
    task = "imageclassification" if is_pictures else "textclassification"
    values = {"preset": preset, "threads": _THREADS} | (
        {"budget_minutes": minutes} if preset == "auto" else {}
    )
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), task, values)
        if is_pictures:
            unpack(DATA / "images" / name / "train.zip", run / "data")
        else:
            (run / "data").mkdir()
            shutil.copy(DATA / "text" / name / "train.csv", run / "data" / "data.csv")
        trained = train(run)
        if is_pictures:
            test = accuracy_on(run / "bundle", DATA / "images" / name / "test.zip", _THREADS)
        else:
            test = accuracy(run / "bundle", DATA / "text" / name / "test.csv", _THREADS) / 100
    score, search = trained.report["score"], trained.report.get("search", {})
    trials = [
        f"{trial['words']} {100 * trial['score']['value']:.1f} in {trial['seconds']:.0f} s"
        for trial in search.get("trials", ())
        if trial["score"]
    ]
    low, high = score["low"], score["high"]
    return Result(
        test=test,
        shown=score["value"],
        interval=(0.0 if low is None else low, 1.0 if high is None else high),
        seconds=trained.seconds,
        trials="; ".join(trials),
    )


def _peer(python: Path, name: str, minutes: float) -> tuple[float, float]:
    """Test accuracy, a share, and seconds of FLAML on features."""
    folder = DATA / ("images" if name in picture_sets() else "text") / name
    command = [python, "-m", "benchmarks.auto.peer", folder, DATA / "weights", str(60 * minutes)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(_THREADS)}
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return found["test"], found["seconds"]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=[*_text_sets(), *picture_sets()])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--no-peer", action="store_true")
    chosen = parser.parse_args()
    peers = [] if chosen.no_peer else [name for name in chosen.sets if name in _PEER_SETS]
    python = python_beside_torch("auto_tools", Path(__file__).with_name("tools.txt")) if peers else Path()
    better = ahead = 0
    worse: list[str] = []
    outside: list[str] = []
    print(
        "| set | Auto: test, shown (interval), seconds | Balanced | FLAML | tried |\n|---|---|---|---|---|",
        flush=True,
    )
    for name in chosen.sets:
        auto, balanced = (_flash(name, preset, chosen.minutes) for preset in ("auto", "balanced"))
        peer = _peer(python, name, chosen.minutes) if name in peers else None
        low, high = auto.interval
        better += auto.test > balanced.test
        worse += [name] if auto.test < balanced.test - (high - low) / 2 else []
        outside += [] if low <= auto.test <= high else [name]
        ahead += peer is not None and auto.test > peer[0]
        print(
            f"| {name} | {100 * auto.test:.1f}, {100 * auto.shown:.1f} ({100 * low:.1f} to {100 * high:.1f}), "
            f"{auto.seconds:.0f} s | {100 * balanced.test:.1f}, {balanced.seconds:.0f} s | "
            f"{f'{100 * peer[0]:.1f}, {peer[1]:.0f} s' if peer else ''} | {auto.trials} |",
            flush=True,
        )
    print("worse:", ", ".join(worse) or "none", " outside the interval:", ", ".join(outside) or "none")
    bar("auto-better-than-balanced", better, min(6, len(chosen.sets)))
    bar("auto-worse-by-more-than-its-interval", len(worse), 0, at_least=False)
    bar("auto-test-outside-its-interval", len(outside), 0, at_least=False)
    if peers:
        bar("auto-ahead-of-flaml", ahead, min(4, len(peers)))


if __name__ == "__main__":
    main()
