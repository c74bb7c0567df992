"""Linear models that learn from some of the sentences, see `training.evaluation.collect`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.evaluation.collect import MOST_SAMPLES
from training.ground.samples import Parts
from training.kinds.sentences.left_out import SentencesLeftOut
from training.kinds.sentences.rows import Rows

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SentenceRefits:
    """By n-grams and, where there are embeddings of an encoder, these, as `whole` has them; `places` [N] are sentences.

    `rows` [N] are those in `whole`, counted through what it learns from and what it asks.
    """

    places: Indices
    rows: Indices
    whole: SentencesLeftOut
    classes: int

    @classmethod
    def of(cls, whole: SentencesLeftOut, parts: Parts, classes: int, seed: int) -> "SentenceRefits":
        """Of the sentences at the indices `parts`, which `whole` is of, or some of them."""
        places = np.concatenate(parts)
        some = np.sort(np.random.default_rng(seed).permutation(len(places))[:MOST_SAMPLES])
        return cls(places[some], some, whole, classes)

    def answers(self, learned: Indices, asked: Indices) -> NDArray[np.float32]:
        """See Refits."""
        whole = self.whole
        every = Rows.joined(whole.rows)
        labels = np.concatenate(whole.labels)
        chosen = [self.rows[places] for places in (learned, asked)]
        embeddings = None
        if whole.embeddings is not None:
            joined = torch.cat(whole.embeddings)
            embeddings = _pair([joined[torch.from_numpy(some)] for some in chosen])
        model = SentencesLeftOut(
            rows=(every.take(chosen[0]), every.take(chosen[1])),
            labels=(labels[chosen[0]], labels[chosen[1]]),
            base=whole.base,
            order=whole.order,
            target=whole.target,
            embeddings=embeddings,
        )
        _, probabilities = model(np.ones(self.classes, bool))
        return probabilities


def _pair(tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    return tensors[0], tensors[1]
