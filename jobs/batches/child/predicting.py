"""Predicts items in chunks on a few threads; results come in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from jobs.batches.child.items import Item
from jobs.batches.child.results import words_of
from modelstore.ground.errors import FlashError
from modelstore.prediction.inputs import alone, check_inputs
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.outside import spread
from training.bundle.preprocessing import UnreadableInput
from training.ground.limits import Limits
from training.targets.of_bundle import target_of_bundle

_MOST_BYTES = 32 * 1024**2
Result = dict[str, Any]


class Predictor:
    """Answers one result for each item: its names, then label, probability and top, or the error.

    Those of a model with any number of labels have all `labels` that are said, too.
    Answers of a model that can tell also say whether they are `outside`: probably about none of its classes.
    """

    def __init__(
        self, classifier: OnnxClassifier, *, limits: Limits, top_k: int, threads: int, at_once: int
    ) -> None:
        self._classifier = classifier
        self._limits = limits
        self._top_k = top_k
        self._threads = threads
        self._at_once = at_once
        self._task = classifier.manifest.task
        self._target = target_of_bundle(classifier.manifest)
        self._most_spread = classifier.manifest.most_spread()

    def results(self, items: Iterable[Item], is_stopped: Callable[[], bool]) -> Iterator[list[Result]]:
        """Chunk after chunk; ends early, with whole chunks, once `is_stopped`."""
        pending: deque[Future[list[Result]]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for chunk in self._chunks(items):
                pending.append(pool.submit(self._predict, chunk))
                # One chunk more than threads: reading goes on while all of them work.
                if len(pending) > self._threads:
                    yield pending.popleft().result()
                if is_stopped():
                    break
            while pending:
                yield pending.popleft().result()

    def _chunks(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        chunk: list[Item] = []
        size = 0
        for item in items:
            chunk.append(item)
            size += item.size
            if len(chunk) >= self._at_once or size >= _MOST_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _predict(self, chunk: list[Item]) -> list[Result]:
        errors = {index: self._refusal(item) for index, item in enumerate(chunk)}
        good = [index for index in errors if not errors[index]]
        rows: Any = ()
        while good:
            try:
                rows = self._classifier.predict([chunk[index].value for index in good])
                break
            except UnreadableInput as error:
                index = good.pop(error.index or 0)
                errors[index] = f"This cannot be read: {error.reason}."
        found = dict(zip(good, rows, strict=True)) if good else {}
        return [
            self._told(item, self._top(found[index]) if index in found else {"error": errors[index]})
            for index, item in enumerate(chunk)
        ]

    def _told(self, item: Item, answer: Result) -> Result:
        """With the truth, where it is known, and whether the answer is right; None where that cannot be said."""
        if item.truth is None:
            return item.names | answer
        classes, right = self._classifier.manifest.classes, None
        if "error" not in answer and self._target.knows(classes, item.truth):
            truth, said = (self._target.parse(classes, words) for words in (item.truth, words_of(answer)))
            right = bool(np.all(truth == said))
        return item.names | {"truth": item.truth} | answer | {"right": right}

    def _refusal(self, item: Item) -> str:
        if item.value is None or item.made_here:
            return item.error
        try:
            check_inputs(task_type=self._task, inputs=[item.value], limits=self._limits)
        except FlashError as error:
            return alone(error)
        return ""

    def _top(self, row: Any) -> Result:
        if not np.isfinite(row).all():
            return {"error": "The model's answer is not a number."}
        classes = self._classifier.manifest.classes
        order = (-row).argsort(kind="stable")[: self._top_k]
        top = [{"label": classes[int(at)], "probability": round(float(row[at]), 6)} for at in order]
        answer = {**top[0], "top": top}
        if self._most_spread is not None:
            answer["outside"] = bool(spread(row[None])[0] > self._most_spread)
        if not self._target.answers_one:
            said = np.flatnonzero(self._target.decide(row[None])[0])
            answer["labels"] = [
                {"label": classes[at], "probability": round(float(row[at]), 6)}
                for at in said[np.argsort(-row[said], kind="stable")].tolist()
            ]
        return answer
