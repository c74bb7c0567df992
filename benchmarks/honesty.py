"""Whether the interval that a model shows holds what it reaches on data it never saw, on every set of the data folder.

    python -m benchmarks.honesty [--sets trec6 trashnet-mini] [--preset quick] [--made-up 150]

For each set a training as a user would start it, then the accuracy on the set's test file. Made-up sets have five
versions of each of some pictures or sentences (mirrored, turned, cropped, lighter; words left out, swapped, added) to
learn from, and the same test file. Prints the sources that were found and what a split sample by sample would have
shown; a bar is by how many percent points the accuracy lies outside of the interval.
"""

import argparse
import csv
import io
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance, ImageOps

from benchmarks.quality_text import accuracy
from benchmarks.site import bar
from benchmarks.training_runs import DATA, accuracy_on, picture_sets, pictures_of, run_dir, train, unpack

VERSIONS = 5
_OPENINGS = ("please note:", "well,", "I mean", "so", "honestly,", "by the way,")


def main() -> None:
    """A line for each set, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    texts = sorted(path.parent.name for path in (DATA / "text").glob("*/train.csv"))
    parser.add_argument("--sets", nargs="+", default=[*texts, *picture_sets()])
    parser.add_argument("--preset", default="quick")
    parser.add_argument(
        "--made-up", type=int, default=150, help="samples of which versions are made; 0: none"
    )
    chosen = parser.parse_args()
    print(
        f"{'set':32} {'shown':>6} {'interval':>14} {'test':>6} {'sources':>15} {'by samples':>10}", flush=True
    )
    outside = {}
    for name in chosen.sets:
        measure = _text if name in texts else _pictures
        outside[name] = _told(name, *measure(name, chosen.preset, 0))
        if chosen.made_up:
            made = f"{name}-five-versions"
            outside[made] = _told(made, *measure(name, chosen.preset, chosen.made_up))
    for name, points in outside.items():
        bar(f"honest-{name}", points, 0.0, at_least=False)


def _told(name: str, report: dict[str, Any], test: float) -> float:
    """Print what was found; by how many points `test` (percent) lies outside of the interval."""
    low, high = (100 * end for end in report["accuracy_interval"])
    sources = report.get("sources") or {}
    other = sources.get("accuracy_by_samples")
    by_samples = "" if other is None else f"{100 * other:9.1f}"
    print(
        f"{name:32} {100 * report['accuracy']:6.1f} {low:6.1f} - {high:5.1f} {test:6.1f} "
        f"{sources.get('count', 0):7} of {sources.get('samples', 0):5} {by_samples}",
        flush=True,
    )
    return round(max(low - test, test - high, 0.0), 2)


def _text(name: str, preset: str, made_up: int) -> tuple[dict[str, Any], float]:
    data = DATA / "text" / name
    with (data / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["input"], row["label"]) for row in csv.DictReader(file)]
    if made_up:
        chance = random.Random(0)
        some = chance.sample(rows, min(made_up * 10, len(rows)))
        rows = [(_paraphrased(text, chance), label) for text, label in some for _ in range(VERSIONS)]
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), "textclassification", {"preset": preset})
        (run / "data").mkdir()
        with (run / "data" / "data.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("input", "label"), *rows])
        report = train(run).report
        return report, accuracy(run / "bundle", data / "test.csv", 2)


def _paraphrased(text: str, chance: random.Random) -> str:
    """Said a little differently: a word left out, two swapped, an opening."""
    words = text.split()
    if len(words) > 5 and chance.random() < 0.5:
        del words[chance.randrange(len(words))]
    if len(words) > 5 and chance.random() < 0.3:
        place = chance.randrange(len(words) - 1)
        words[place : place + 2] = words[place + 1], words[place]
    opening = [chance.choice(_OPENINGS)] if chance.random() < 0.5 else []
    return " ".join([*opening, *words])


def _pictures(name: str, preset: str, made_up: int) -> tuple[dict[str, Any], float]:
    data = DATA / "images" / name
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), "imageclassification", {"preset": preset})
        if made_up:
            _five_versions(data / "train.zip", run / "data", made_up)
        else:
            unpack(data / "train.zip", run / "data")
        report = train(run).report
        return report, 100 * accuracy_on(run / "bundle", data / "test.zip")


def _five_versions(archive: Path, folder: Path, count: int) -> None:
    """Some of the pictures, five versions of each."""
    chance = random.Random(0)
    some = chance.sample(list(pictures_of(archive)), k=count)
    for number, (label, _, data) in enumerate(some):
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        for version in range(VERSIONS):
            changed = picture
            for change in chance.sample(_CHANGES, k=chance.randint(1, 2)) if version else ():
                changed = change(changed, chance)
            changed.save(folder / label / f"{number:05}-{version}.jpg", quality=88)


def _cropped(picture: Image.Image, chance: random.Random) -> Image.Image:
    side = chance.uniform(0.82, 0.97)
    left, top = (chance.uniform(0, 1 - side) * length for length in picture.size)
    return picture.crop(
        (int(left), int(top), int(left + side * picture.width), int(top + side * picture.height))
    )


_CHANGES: tuple[Callable[[Image.Image, random.Random], Image.Image], ...] = (
    lambda picture, chance: ImageOps.mirror(picture),
    lambda picture, chance: ImageEnhance.Brightness(picture).enhance(chance.uniform(0.7, 1.3)),
    lambda picture, chance: picture.rotate(chance.uniform(-10, 10), Image.Resampling.BILINEAR),
    _cropped,
)


if __name__ == "__main__":
    main()
