"""How accurate the presets are: every preset on every set of pictures, measured on pictures never seen in training.

    python -m benchmarks.quality_images [--sets a,b] [--presets quick,best] [--jobs 4]
        [--variant "backbone_rate=0.5 epochs=10"] ...

`--variant` overrides fields of Recipe and may be repeated; each is tried beside the preset as it is.
"""

import argparse
import itertools
import os
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.site import bar
from benchmarks.training_runs import DATA, accuracy_on, picture_sets, run_dir, train, unpack

PRESETS = ("quick", "balanced", "best")
GOALS = {
    ("hymenoptera-224", "quick"): 93.1,
    ("cats-dogs-mini", "quick"): 97.4,
    ("trashnet-mini", "quick"): 77.4,
    ("clothing-mini", "quick"): 86.4,
    ("cifar10-5k", "quick"): 62.2,
    ("trashnet-mini", "balanced"): 86.0,
    ("trashnet-mini", "best"): 88.0,
    ("cifar10-5k", "balanced"): 80.0,
}
Row = tuple[str, str, str, int]


def main() -> None:
    """Print a line per training as it ends, then the table and the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", default=",".join(picture_sets()))
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--only-variants", action="store_true", help="leave out the presets as they are")
    options = parser.parse_args()
    variants = ([] if options.only_variants else [""]) + options.variant
    seeds = [int(seed) for seed in options.seeds.split(",")]
    rows = list(itertools.product(options.sets.split(","), options.presets.split(","), variants, seeds))
    threads = max(1, len(os.sched_getaffinity(0)) // options.jobs)
    with (
        tempfile.TemporaryDirectory(prefix="flash-bench-") as folder,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        for name in options.sets.split(","):
            unpack(DATA / "images" / name / "train.zip", Path(folder) / name)
        print(
            "| set | preset | variant | seed | test % | validation % | best epoch | seconds | MB | GPU MB |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
        tested = dict(pool.map(lambda r: (r[1], _one(Path(folder), *r, threads)), enumerate(rows)))
    _bars({row: value for row, value in tested.items() if value is not None})


def _one(folder: Path, number: int, row: Row, threads: int) -> float | None:
    name, preset, variant, seed = row
    try:
        run = run_dir(folder / f"run{number}", "imageclassification", _values(preset, variant, seed, threads))
        (run / "data").symlink_to(folder / name)
        trained = train(run)
        accuracy = accuracy_on(run / "bundle", DATA / "images" / name / "test.zip", threads)
    except Exception:
        print(f"{row} failed: {traceback.format_exc()[-1500:]}", flush=True)
        return None
    report = trained.report
    print(
        f"| {name} | {preset} | {variant} | {seed} | {accuracy:.1%} | {report['accuracy']:.1%} | "
        f"{report['best_epoch']} | {trained.seconds:.1f} | {trained.peak_mb:.0f} | {trained.gpu_mb} |",
        flush=True,
    )
    return accuracy


def _values(preset: str, variant: str, seed: int, threads: int) -> dict[str, Any]:
    values: dict[str, Any] = {"preset": preset, "seed": seed, "threads": threads}
    for pair in variant.split():
        key, _, text = pair.partition("=")
        values[key] = _parsed(text)
    return values


def _parsed(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text in words:
        return words[text]
    try:
        return float(text) if "." in text or "e-" in text else int(text)
    except ValueError:
        return text


def _bars(tested: dict[Row, float]) -> None:
    for variant in dict.fromkeys(row[2] for row in tested):
        means: dict[tuple[str, str], float] = {}
        for name, preset in dict.fromkeys(row[:2] for row in tested):
            found = [v for row, v in tested.items() if row[:3] == (name, preset, variant)]
            if found:
                means[name, preset] = 100 * sum(found) / len(found)
        label = f"[{variant}]" if variant else ""
        for (name, preset), value in means.items():
            if (name, preset) in GOALS:
                bar(f"{name} {preset}{label}", value, GOALS[name, preset])
            for lower, slack in (("balanced", 0.5), ("quick", 1.0)):
                if PRESETS.index(preset) == PRESETS.index(lower) + 1 and (name, lower) in means:
                    bar(f"{name} {preset}{label} against {lower}", value, means[name, lower] - slack)


if __name__ == "__main__":
    main()
