"""Keeps what a score was measured on: a list of the validation part, and some of its samples to look at.

validation.csv: source, sha256, label, predicted, probability; one row for each sample of the validation part, as the
model answered that was measured. `sha256` is of the picture's file, or of the sentence with single blanks. Measured in
folds, there is a row for each sample, as the model answered that had not learned from it, and a column `fold`, from 1:
fold 1 is that of the model in `measured.*`.

examples.zip: examples.json and the pictures that it names, JPEGs of 128 pixels at most:

    cells     [{truth, predicted, count, samples: [{source, probability, picture}]}]: one label by its index, -1 where
              one of many is not there; of the mistakes the surest first, of the right answers the least sure
    pictures  {source: file}: pictures of these samples, of the hardest ones and of the suspect labels
"""

import csv
import json
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import EXAMPLES_FILE, FOLD, VALIDATION_FILE
from training.evaluation.outcome import Outcome
from training.evaluation.report import MAX_SOURCE
from training.ground.errors import Interrupted
from training.ground.run import Run
from training.kinds import kind_of, load
from training.targets.target import Target

_WRONG, _RIGHT = 12, 6
# Samples in all: those of which a thumbnail is kept, and others.
_MOST_WITH_THUMBNAIL, _MOST = 240, 2_000
# Pictures of answers that differ from those of an earlier model.
_MOST_FLIPS = 60
# Seconds after which no further thumbnail is begun.
_BUDGET = 4.0


def write_examples(folder: Path, outcome: Outcome, run: Run, report: dict[str, Any]) -> list[str]:
    """Write validation.csv and examples.zip into `folder`; gives the names of what was written.

    Neither may cost the training its success: what fails is left out.
    """
    written = []
    with run.phases.time("examples"):
        try:
            _write_list(folder / VALIDATION_FILE, outcome, run.machine.cores)
            written.append(VALIDATION_FILE)
            thumbnail = kind_of(outcome.recipe.task).thumbnail
            most = _MOST_WITH_THUMBNAIL if thumbnail else _MOST
            cells = chosen_cells(
                outcome.target, outcome.truth, outcome.probabilities, outcome.shown, most, outcome.decisions
            )
            pictures: dict[str, bytes] = {}
            if thumbnail:
                looked_at = [*_named(report), *(row["source"] for cell in cells for row in cell["samples"])]
                pictures = _thumbnails(outcome, looked_at, load(thumbnail), run.machine.cores)
            _write_zip(folder / EXAMPLES_FILE, cells, pictures)
            written.append(EXAMPLES_FILE)
        except Interrupted:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            run.events.log("The examples behind the figures could not be kept.")
    return written


def chosen_cells(
    target: Target,
    truth: NDArray[Any],
    probabilities: NDArray[np.float32],
    sources: Sequence[str],
    most: int,
    decisions: NDArray[Any] | None = None,
) -> list[dict[str, Any]]:
    """The cells of the target (a confusion matrix) with some of their samples, `most` in all; mistakes come first."""
    predicted = target.decide(probabilities) if decisions is None else decisions
    sure = target.confidence(probabilities, predicted)
    cells = []
    for t, p, members in target.cells(truth, predicted):
        is_right = t == p
        order = sure[members] if is_right else -sure[members]
        cells.append((is_right, t, p, members[np.argsort(order, kind="stable")]))
    cells.sort(key=lambda cell: (cell[0], -len(cell[3])))
    found = []
    for is_right, t, p, members in cells:
        taken = members[: min(_RIGHT if is_right else _WRONG, most)]
        most -= len(taken)
        samples = [
            {"source": sources[i][:MAX_SOURCE], "probability": round(float(sure[i]), 6)} for i in taken
        ]
        found.append({"truth": t, "predicted": p, "count": len(members), "samples": samples})
    return found


def _write_list(path: Path, outcome: Outcome, threads: int) -> None:
    samples, labels, measured_on = outcome.samples, outcome.classes, outcome.measured_on
    target, ids = outcome.target, samples.ids(measured_on, threads)
    # People count from 1.
    folds = None if outcome.folds is None else outcome.folds[measured_on] + 1
    predicted = outcome.decisions
    sure = target.confidence(outcome.probabilities, predicted)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        columns = ("source", "sha256", "label", "predicted", "probability")
        writer.writerow(columns if folds is None else (*columns, FOLD))
        for i, (index, label) in enumerate(zip(measured_on, outcome.truth, strict=True)):
            names = (target.words(labels, one) for one in (label, predicted[i]))
            row = (samples.places[index], ids[i], *names, f"{sure[i]:.6f}")
            writer.writerow(row if folds is None else (*row, folds[i]))


def _named(report: dict[str, Any]) -> list[str]:
    """The samples that other parts of the report name, to have a picture of each."""
    duplicates = report.get("duplicates") or {}
    rows = [*report.get("hardest", []), *(report.get("suspects") or {}).get("examples", [])]
    twins = [*duplicates.get("examples", []), *duplicates.get("conflict_examples", [])]
    flipped = report.get("previous", {}).get("flips", {}).get("rows", [])[:_MOST_FLIPS]
    return [row["source"] for row in (*rows, *twins, *flipped)] + [row["twin"] for row in twins]


def _thumbnails(
    outcome: Outcome, wanted: Iterable[str], thumbnail: Callable[[Any], bytes | None], threads: int
) -> dict[str, bytes]:
    """A thumbnail of each of the samples that are shown like this, as far as the time for it goes."""
    samples = outcome.samples
    items = {samples.shown(i)[:MAX_SOURCE]: item for i, item in enumerate(samples.items)}
    started = time.monotonic()

    def small(shown: str) -> bytes | None:
        return None if time.monotonic() - started > _BUDGET else thumbnail(items[shown])

    some = [shown for shown in dict.fromkeys(wanted) if shown in items]
    with ThreadPoolExecutor(threads) as pool:
        made = dict(zip(some, pool.map(small, some), strict=True))
    return {shown: data for shown, data in made.items() if data is not None}


def _write_zip(path: Path, cells: list[dict[str, Any]], pictures: dict[str, bytes]) -> None:
    names: dict[str, str] = {}
    # Photographs do not shrink; the list does.
    with zipfile.ZipFile(path, "w") as archive:
        for shown, data in pictures.items():
            names[shown] = f"{len(names):03}.jpg"
            archive.writestr(names[shown], data)
        told = json.dumps({"cells": cells, "pictures": names}, ensure_ascii=False)
        archive.writestr("examples.json", told, zipfile.ZIP_DEFLATED)
