"""Measures many models of one set on the same test samples; what a frozen network makes of these is computed once."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.honesty.sets import Sample
from training.evaluation.outcome import Outcome

_AT_ONCE = 32
Batches = list[tuple[list[int], NDArray[Any]]]


class Tested:
    """The test samples of one set."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._batches: tuple[Any, Batches] = (None, [])
        self._features: dict[bytes, torch.Tensor] = {}

    def accuracy(self, outcome: Outcome) -> float:
        """Share of them that the model gets right; one of a class that it has never met is wrong."""
        module: Any = outcome.module.eval()
        right = 0
        with torch.no_grad(), self._remembering(module, outcome):
            for places, batch in self._prepared(outcome):
                answers = module(torch.from_numpy(batch)).argmax(1).tolist()
                names = [outcome.classes[answer] for answer in answers]
                right += sum(name == self._samples[i].label for name, i in zip(names, places, strict=True))
        return right / len(self._samples)

    def _prepared(self, outcome: Outcome) -> Batches:
        """The samples as the model takes them; sentences in the order of their lengths, for batches are padded."""
        preprocess = outcome.preprocess
        key = preprocess.to_json(), preprocess.files()
        if self._batches[0] != key:
            order = np.argsort([len(sample.content) for sample in self._samples], kind="stable")
            contents = [self._samples[i].content for i in order]
            made = [
                ([int(order[first + place]) for place in places], batch)
                for first in range(0, len(order), _AT_ONCE)
                for places, batch in preprocess.batches(contents[first : first + _AT_ONCE], _AT_ONCE)
            ]
            self._batches = key, made
        return self._batches[1]

    @contextmanager
    def _remembering(self, module: Any, outcome: Outcome) -> Iterator[None]:
        """Within, a network that did not learn is not asked twice for the same."""
        part = getattr(module, "network", None) or getattr(module, "encoder", None)
        if part is None or not outcome.recipe.freeze:
            yield
            return
        forward = part.forward

        def remembered(given: torch.Tensor, *more: Any) -> torch.Tensor:
            key = hashlib.sha1(given.numpy().tobytes() + repr((outcome.recipe.model, more)).encode()).digest()
            if key not in self._features:
                self._features[key] = forward(given, *more)
            return self._features[key]

        part.forward = remembered
        try:
            yield
        finally:
            del part.forward
