"""How good a model is on a labelled file: the figures that a training has, of the results of its samples.

`evaluation` of a summary holds:

    score       {name, value, low, high}, see `training.score`; the interval is one of `training.evaluation.intervals`,
                by sources
    count       how many samples it is of
    sources     from how many sources these are: near-duplicates and given groups are one
    seen        {count, score}: how many of these are nearly the same as samples that the model was trained with, and
                the score without them, null where none or all of them are; null where that is not known
    unread      samples that could not be predicted, and are in no figure
    unknown     {count, classes: [{label, count}]}: samples of classes that the model does not have; in no figure either
    majority_accuracy, per_class: as in report.json; confusion as well, null for more than MOST_CLASSES; of models with
                any number of labels a sample its own figures, see `training.targets.label_figures`
    ordered     as in report.json, where the model knows that its classes are in an order; else missing
    confused    [{truth, predicted, count, share}]: the most common mistakes, and their share of the true class
    mistakes    [{names, truth, label, probability, thumbnail}]: of the wrong answers those that the model was surest of
"""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.batches.child.items import Labelled
from jobs.batches.child.order import Order
from jobs.batches.child.results import read, words_of
from jobs.uploads.errors import UploadRefused
from training.bundle.manifest import Manifest
from training.evaluation.intervals import foreseen
from training.evaluation.ordered import ordered_figures
from training.ground.sources import sources_of
from training.targets.of_bundle import target_of_bundle
from training.targets.target import Target

MOST_CLASSES = 100
_MOST_UNKNOWN, _MOST_PAIRS, _MOST_MISTAKES = 100, 12, 12
_GLANCE = 400


def evaluation(source: Labelled, results: Path, order: Order, classes: Sequence[str]) -> dict[str, Any]:
    """See above. Raises UploadRefused when nothing could be measured."""
    manifest = Manifest.read(Path(order.bundle))
    target = target_of_bundle(manifest)
    found = _Sorted(target, classes)
    for number, result in enumerate(read(results)):
        found.take(number, result)
    if not found.places:
        raise UploadRefused("None of the samples could be predicted, so there is nothing to measure.")
    truth, decisions = np.array(found.truth), np.array(found.decisions)
    relatives = source.relatives(_marks(order))
    sources = sources_of(source.total, relatives.links, source.groups())[found.places]

    def score(some: NDArray[np.bool_]) -> dict[str, Any]:
        right = target.right(decisions[some], truth[some])
        return (
            foreseen(target.measure(truth[some], decisions[some]), right, sources[some]).rounded().to_json()
        )

    figures = target.figures(classes, truth, decisions, None)
    if manifest.config.get("ordered") and target.answers_one:
        figures |= ordered_figures(classes, truth, decisions)
    confusion = figures.get("confusion")
    if confusion is not None:
        figures["confused"] = _confused(np.array(confusion), classes)
        figures["confusion"] = confusion if len(classes) <= MOST_CLASSES else None
    return {
        "score": score(np.ones(len(truth), bool)),
        "count": len(truth),
        "sources": len(np.unique(sources)),
        "seen": None if relatives.seen is None else _seen(relatives.seen[found.places], score),
        "unread": found.unread,
        "unknown": found.unknown_json(),
        **figures,
        "mistakes": [_mistake(source, number, result) for number, result in found.mistakes()],
    }


def _marks(order: Order) -> dict[str, NDArray[Any]] | None:
    if order.marks is None:
        return None
    with np.load(order.marks) as marks:
        return dict(marks)


def _seen(seen: NDArray[np.bool_], score: Callable[[NDArray[np.bool_]], dict[str, Any]]) -> dict[str, Any]:
    return {"count": int(seen.sum()), "score": score(~seen) if seen.any() and not seen.all() else None}


class _Sorted:
    """The results by what they are good for; truth and decisions as the target has them, `places` are their numbers."""

    def __init__(self, target: Target, classes: Sequence[str]) -> None:
        self._target = target
        self._classes = classes
        self._parsed: dict[str, Any] = {}
        self.truth: list[Any] = []
        self.decisions: list[Any] = []
        self.places: list[int] = []
        self.unread = 0
        self.unknown: Counter[str] = Counter()
        self._wrong: list[tuple[float, int, dict[str, Any]]] = []

    def take(self, number: int, result: dict[str, Any]) -> None:
        """The next result."""
        if not self._target.knows(self._classes, result["truth"]):
            self.unknown[result["truth"]] += 1
        elif "error" in result:
            self.unread += 1
        else:
            self.places.append(number)
            self.truth.append(self._parse(result["truth"]))
            self.decisions.append(self._parse(words_of(result)))
            if not result["right"]:
                self._keep(number, result)

    def mistakes(self) -> list[tuple[int, dict[str, Any]]]:
        """Number and result of those of which the model was surest, the surest first."""
        return [(-number, result) for _, number, result in sorted(self._wrong, reverse=True)]

    def unknown_json(self) -> dict[str, Any]:
        """How many are of no class of the model, and of which."""
        named = self.unknown.most_common(_MOST_UNKNOWN)
        classes = [{"label": label, "count": count} for label, count in named]
        return {"count": self.unknown.total(), "classes": classes}

    def _keep(self, number: int, result: dict[str, Any]) -> None:
        # Of equal ones the first: numbers differ, so that results are never compared.
        entry = (result["probability"], -number, result)
        if len(self._wrong) < _MOST_MISTAKES:
            heapq.heappush(self._wrong, entry)
        else:
            heapq.heappushpop(self._wrong, entry)

    def _parse(self, words: str) -> Any:
        if words not in self._parsed:
            self._parsed[words] = self._target.parse(self._classes, words)
        return self._parsed[words]


def _confused(confusion: NDArray[np.int64], classes: Sequence[str]) -> list[dict[str, Any]]:
    totals = confusion.sum(axis=1)
    off = confusion.copy()
    np.fill_diagonal(off, 0)
    order = np.argsort(-off, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [divmod(int(at), len(classes)) for at in order]
    return [
        {
            "truth": classes[row],
            "predicted": classes[column],
            "count": int(off[row, column]),
            "share": round(float(off[row, column] / totals[row]), 6),
        }
        for row, column in pairs
        if off[row, column]
    ]


def _mistake(source: Labelled, number: int, result: dict[str, Any]) -> dict[str, Any]:
    names = {
        name: value[:_GLANCE] if isinstance(value, str) else value
        for name, value in result.items()
        if name in source.columns and name not in ("truth", "right")
    }
    told = {"truth": result["truth"], "label": words_of(result), "probability": result["probability"]}
    return {"names": names, **told, "thumbnail": source.thumbnail(number)}
