"""Heads that learn from some of the pictures, see `training.evaluation.collect`."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from training.audit.suspects import fit_briefly
from training.engine.linear import DenseFeatures, Labelled
from training.evaluation.collect import MOST_SAMPLES
from training.targets.target import Target

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeadRefits:
    """`features` [N, F] of unit deviation with `labels` [N] of `classes`; `places` [N] are those of the pictures."""

    places: Indices
    features: torch.Tensor
    labels: Indices
    classes: int
    target: Target
    penalty: float

    @classmethod
    def of(
        cls,
        scaled: Callable[[Indices], torch.Tensor],
        labels: Indices,
        places: Indices,
        *,
        classes: int,
        target: Target,
        penalty: float,
        seed: int,
    ) -> "HeadRefits":
        """Of the pictures at `places` in `labels`, or some of them; `scaled` gives their features."""
        some = np.sort(np.random.default_rng(seed).permutation(places)[:MOST_SAMPLES])
        return cls(some, scaled(some), labels[some], classes, target, penalty)

    def among(self, places: Indices) -> "HeadRefits":
        """The same, where the pictures are counted among those at the sorted `places`."""
        return replace(self, places=np.searchsorted(places, self.places).astype(np.int64))

    def answers(self, learned: Indices, asked: Indices) -> NDArray[np.float32]:
        """See Refits."""
        own = torch.from_numpy(learned)
        samples = Labelled(
            DenseFeatures(self.features[own]), torch.from_numpy(self.labels[learned]), self.target
        )
        fitted = fit_briefly(samples, self.classes, penalty=self.penalty)
        with torch.no_grad():
            scores = self.features[torch.from_numpy(asked)] @ fitted.weight + fitted.bias
            found: NDArray[np.float32] = self.target.probabilities(scores).numpy()
        return found
