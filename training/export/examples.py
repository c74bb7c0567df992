"""Keeps what a score was measured on: a list of the validation part, and some of its samples to look at.

validation.csv: source, sha256, label, predicted, probability; one row for each sample of the validation part, as the
model answered that was measured. `sha256` is of the picture's file, or of the sentence with single blanks.

examples.zip: examples.json and the pictures that it names, JPEGs of 128 pixels at most:

    cells     [{truth, predicted, count, samples: [{source, probability, picture}]}]: classes by their index; of the
              mistakes the surest first, of the right answers the least sure
    pictures  {source: file}: pictures of these samples, of the hardest ones and of the suspect labels
"""

import csv
import hashlib
import io
import json
import sys
import time
import traceback
import zipfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.bundle.manifest import EXAMPLES_FILE, VALIDATION_FILE
from training.evaluation.report import MAX_SOURCE
from training.ground.errors import Interrupted
from training.ground.run import Run
from training.kinds.pictures.preprocess import FORMATS
from training.kinds.pictures.reading import read_pictures
from training.targets.target import Target

SIDE = 128
_WRONG, _RIGHT = 12, 6
_MOST_PICTURES, _MOST_SENTENCES = 240, 2_000
# Seconds after which no further thumbnail is begun.
_BUDGET = 4.0
Indices = NDArray[np.int64]


def write_examples(
    folder: Path,
    run: Run,
    *,
    target: Target,
    truth: Indices,
    probabilities: NDArray[np.float32],
    sources: Sequence[str],
    labels: Sequence[str],
    report: dict[str, Any],
) -> list[str]:
    """Write validation.csv and examples.zip into `folder`; gives the names of what was written.

    Neither may cost the training its success: what fails is left out.
    """
    written = []
    pictures = run.config.kind.name == "pictures"
    with run.phases.time("examples"):
        try:
            files = picture_files(run.data) if pictures else {}
            hashes = sha256_of_sources(run, sources, files)
            _write_list(folder / VALIDATION_FILE, target, labels, truth, probabilities, sources, hashes)
            written.append(VALIDATION_FILE)
            most = _MOST_PICTURES if pictures else _MOST_SENTENCES
            cells = chosen_cells(target, truth, probabilities, sources, most)
            looked_at = [*_named(report), *(row["source"] for cell in cells for row in cell["samples"])]
            _write_zip(folder / EXAMPLES_FILE, run, cells, looked_at, files)
            written.append(EXAMPLES_FILE)
        except Interrupted:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            run.events.log("The examples behind the figures could not be kept.")
    return written


def chosen_cells(
    target: Target, truth: Indices, probabilities: NDArray[np.float32], sources: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """The cells of the confusion matrix with some of their samples, `most` in all; mistakes come first."""
    predicted = target.decide(probabilities)
    sure = target.confidence(probabilities, predicted)
    pairs = truth * probabilities.shape[1] + predicted
    cells = []
    for pair in np.unique(pairs):
        members = np.flatnonzero(pairs == pair)
        t, p = divmod(int(pair), probabilities.shape[1])
        order = sure[members] if t == p else -sure[members]
        cells.append((t, p, members[np.argsort(order, kind="stable")]))
    cells.sort(key=lambda cell: (cell[0] == cell[1], -len(cell[2])))
    found = []
    for t, p, members in cells:
        taken = members[: min(_RIGHT if t == p else _WRONG, most)]
        most -= len(taken)
        samples = [
            {"source": sources[i][:MAX_SOURCE], "probability": round(float(sure[i]), 6)} for i in taken
        ]
        found.append({"truth": t, "predicted": p, "count": len(members), "samples": samples})
    return found


def sentence_sha256(sentence: str) -> str:
    """The digest by which a sentence is found again, whatever its blanks."""
    return hashlib.sha256(" ".join(sentence.split()).encode("utf-8", "replace")).hexdigest()


def picture_files(data: Path) -> dict[str, Path]:
    """Where each picture lies, by its source."""
    samples = read_pictures(data)
    return dict(zip(samples.sources, samples.items, strict=True))


def sha256_of_sources(run: Run, sources: Sequence[str], files: dict[str, Path]) -> list[str]:
    """The digest of each source: of its file, or of its sentence where there are no `files`."""
    if not files:
        # "row 7: the sentence"
        return [sentence_sha256(source.partition(": ")[2]) for source in sources]
    with ThreadPoolExecutor(run.threads) as pool:
        return list(pool.map(lambda source: hashlib.sha256(files[source].read_bytes()).hexdigest(), sources))


def _write_list(
    path: Path,
    target: Target,
    labels: Sequence[str],
    truth: Indices,
    probabilities: NDArray[np.float32],
    sources: Sequence[str],
    hashes: Sequence[str],
) -> None:
    predicted = target.decide(probabilities)
    sure = target.confidence(probabilities, predicted)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("source", "sha256", "label", "predicted", "probability"))
        for i, source in enumerate(sources):
            where = source.partition(": ")[0] if source.startswith("row ") else source
            names = (target.words(labels, of[i]) for of in (truth, predicted))
            writer.writerow((where, hashes[i], *names, f"{sure[i]:.6f}"))


def _named(report: dict[str, Any]) -> list[str]:
    """The samples that other parts of the report name, to have a picture of each."""
    duplicates = report.get("duplicates") or {}
    rows = [*report.get("hardest", []), *(report.get("suspects") or {}).get("examples", [])]
    twins = [*duplicates.get("examples", []), *duplicates.get("conflict_examples", [])]
    return [row["source"] for row in (*rows, *twins)] + [row["twin"] for row in twins]


def _write_zip(
    path: Path, run: Run, cells: list[dict[str, Any]], sources: Iterable[str], files: dict[str, Path]
) -> None:
    cut = {source[:MAX_SOURCE]: file for source, file in files.items()}
    wanted = [source for source in dict.fromkeys(sources) if source in cut]
    started = time.monotonic()

    def small(source: str) -> bytes | None:
        return None if time.monotonic() - started > _BUDGET else thumbnail(cut[source])

    with ThreadPoolExecutor(run.threads) as pool:
        made = list(pool.map(small, wanted))
    names: dict[str, str] = {}
    # Photographs do not shrink; the list does.
    with zipfile.ZipFile(path, "w") as archive:
        for source, data in zip(wanted, made, strict=True):
            if data is not None:
                names[source] = f"{len(names):03}.jpg"
                archive.writestr(names[source], data)
        told = json.dumps({"cells": cells, "pictures": names}, ensure_ascii=False)
        archive.writestr("examples.json", told, zipfile.ZIP_DEFLATED)


def thumbnail(path: Path) -> bytes | None:
    """The picture upright, at most SIDE pixels wide and high, as a JPEG without anything else in it."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((SIDE, SIDE))
            layer = upright.convert("RGBA")
            paper = Image.new("RGBA", layer.size, "white")
            buffer = io.BytesIO()
            Image.alpha_composite(paper, layer).convert("RGB").save(buffer, "JPEG", quality=80)
            return buffer.getvalue()
    except MemoryError:
        raise
    except Exception:  # damaged EXIF blocks, rare modes: there is no picture of this one then
        return None
