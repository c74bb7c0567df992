"""Measures the test part that an upload named: once, at the end, by the model as it was exported."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import ONNX_FILE
from training.bundle.preprocessing import Preprocessing
from training.bundle.sessions import open_session
from training.evaluation.intervals import foreseen
from training.evaluation.ordered import ordered_figures
from training.evaluation.outcome import Outcome
from training.ground.run import Run
from training.ground.samples import Samples
from training.score import Score, show

_CHUNK = 64


def measure_test(folder: Path, outcome: Outcome, test: Samples[Any] | None, run: Run) -> dict[str, Any]:
    """`test` of report.json, by folder/model.onnx; {} where there is no test part, or nothing of it can be read."""
    if test is None:
        return {}
    target, classes = outcome.target, outcome.classes
    names = [target.words(test.classes, label) for label in test.labels]
    # A class may have gone with pictures that could not be read.
    known = [i for i, name in enumerate(names) if target.knows(classes, name)]
    with run.phases.time("test"):
        read, probabilities = _answers(folder, outcome, [test.items[i] for i in known], run)
    if not len(read):
        run.events.warning("The test part could not be measured: none of its samples can be used.")
        return {}
    truth = np.array([target.parse(classes, names[known[i]]) for i in read])
    decisions = target.decide(probabilities)
    right = target.right(decisions, truth)
    score: Score = foreseen(target.measure(truth, decisions), right).rounded()
    left_out = len(test.items) - len(read)
    run.events.log(
        f"On the given test part ({len(read)} samples), which nothing was learned or chosen from, the "
        f"{score.kind.word} is {show(score.name, score.value)}."
    )
    figures = target.figures(classes, truth, decisions, probabilities)
    if outcome.recipe.ordered and target.answers_one:
        figures |= ordered_figures(classes, truth, decisions)
    return {"test": {"score": score.to_json(), "count": len(read), "left_out": left_out, **figures}}


def said_of(folder: Path, outcome: Outcome, run: Run, items: Sequence[Any]) -> list[str]:
    """What folder/model.onnx answers about each item, a sentence or a picture's bytes; "" of what it cannot read."""
    read, probabilities = _answers(folder, outcome, items, run)
    decisions = outcome.target.decide(probabilities) if read else []
    said = {i: outcome.target.words(outcome.classes, one) for i, one in zip(read, decisions, strict=True)}
    return [said.get(i, "") for i in range(len(items))]


def _answers(
    folder: Path, outcome: Outcome, items: Sequence[Any], run: Run
) -> tuple[list[int], NDArray[np.float32]]:
    """Places in `items` of those that can be read, and what the model says of them [N, C]."""
    threads = max(1, run.machine.cores)
    session = open_session(folder / ONNX_FILE, threads)
    name = session.get_inputs()[0].name
    places: list[int] = []
    found: list[NDArray[np.float32]] = []
    chunks = [list(range(first, min(first + _CHUNK, len(items)))) for first in range(0, len(items), _CHUNK)]
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(chunks), threads):
            run.control.check()
            group = chunks[first : first + threads]
            for prepared in pool.map(lambda chunk: _prepared(outcome.preprocess, items, chunk), group):
                for some, batch in prepared:
                    places += some
                    found.append(np.asarray(session.run(["probabilities"], {name: batch})[0], np.float32))
    return places, np.concatenate(found) if found else np.zeros((0, len(outcome.classes)), np.float32)


def _prepared(
    preprocess: Preprocessing, items: Sequence[Any], chunk: list[int]
) -> list[tuple[list[int], NDArray[Any]]]:
    """Places in `items` and what the graph takes for them; what cannot be read is left out."""
    while chunk:
        try:
            batches = preprocess.batches([items[i] for i in chunk], len(chunk))
            return [([chunk[place] for place in places], batch) for places, batch in batches]
        except ValueError as error:
            index = getattr(error, "index", None)
            # Of one that does not say which it was, each is tried alone.
            if index is None:
                return (
                    [made for i in chunk for made in _prepared(preprocess, items, [i])] if chunk[1:] else []
                )
            chunk = [*chunk[:index], *chunk[index + 1 :]]
    return []
