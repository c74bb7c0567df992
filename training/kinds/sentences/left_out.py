"""Models of sentences that know some of the classes alone: to see what they say of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.audit.suspects import fit_briefly
from training.engine.linear import DenseFeatures, Features, Labelled
from training.ground.samples import Parts
from training.kinds.sentences.blended import blend
from training.kinds.sentences.encoders import nearness
from training.kinds.sentences.ngrams import NORM, NGramTable, SparseFeatures
from training.kinds.sentences.rows import Rows
from training.kinds.sentences.tokens import Tokens
from training.targets.target import Target

# More sentences of a part are not looked at; a random choice is.
_MOST_LEARNED, _MOST_ASKED = 10_000, 5_000
_MOST_TOKENS = 128
# The strengths that ngram_fit and the encoder's head use.
_NGRAMS, _HEAD = 0.1, 20.0


def looked_at(parts: Parts, seed: int) -> Parts:
    """Those of the training and of the validation part that are learned from and asked about, sorted."""
    random = np.random.default_rng(seed)
    train, validation = (
        np.sort(random.permutation(part)[:most])
        for part, most in zip(parts, (_MOST_LEARNED, _MOST_ASKED), strict=True)
    )
    return train, validation


@dataclass(frozen=True, kw_only=True, slots=True)
class SentencesLeftOut:
    """See `training.evaluation.outcome:LeaveOut`: linear models over n-grams and, where there are `embeddings`, these.

    `rows` are token ids and `labels` classes of the sentences to learn from and of those to be asked about;
    `embeddings` [N, W] are an encoder's that knew no class yet.
    """

    rows: tuple[Rows, Rows]
    labels: tuple[NDArray[np.int64], NDArray[np.int64]]
    base: int
    order: int
    target: Target
    embeddings: tuple[Tensor, Tensor] | None = None

    @classmethod
    def of(
        cls,
        tokens: Tokens,
        labels: NDArray[np.int64],
        parts: Parts,
        target: Target,
        embeddings: tuple[Tensor, Tensor] | None = None,
    ) -> "SentencesLeftOut":
        """Of the sentences at the indices `parts`."""
        learned, asked = (tokens.of(part).cut(_MOST_TOKENS) for part in parts)
        return cls(
            rows=(learned, asked),
            labels=(labels[parts[0]], labels[parts[1]]),
            base=tokens.vocabulary.size + 1,
            order=tokens.vocabulary.order,
            target=target,
            embeddings=embeddings,
        )

    def __call__(self, kept: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """See LeaveOut."""
        learned = np.flatnonzero(kept[self.labels[0]])
        truth = torch.from_numpy((np.cumsum(kept) - 1)[self.labels[0][learned]])
        count = int(kept.sum())
        scores = self._by_ngrams(learned, truth, count)
        if self.embeddings is not None:
            own = self._by_embeddings(self.embeddings, learned, truth, count)
            scores = self._blended(own, scores, kept) * self._nearness(self.embeddings, learned)
        return self.labels[1], self.target.probabilities(scores).numpy()

    def _by_ngrams(self, learned: NDArray[np.int64], truth: Tensor, classes: int) -> Tensor:
        rows = self.rows[0].take(learned)
        # What only sentences of the other classes hold is unknown to such a model.
        table = NGramTable(rows, self.base, self.order)
        features = [SparseFeatures(some, table) for some in (rows, self.rows[1])]
        return self._scores(features, truth, classes, _NGRAMS / len(rows) * NORM**2)

    def _by_embeddings(
        self, embeddings: tuple[Tensor, Tensor], learned: NDArray[np.int64], truth: Tensor, classes: int
    ) -> Tensor:
        own = embeddings[0][torch.from_numpy(learned)]
        scale = float(own.std(0).mean()) or 1.0
        features = [DenseFeatures(some / scale) for some in (own, embeddings[1])]
        return self._scores(features, truth, classes, _HEAD / len(truth))

    def _scores(self, features: Sequence[Features], truth: Tensor, classes: int, penalty: float) -> Tensor:
        """Logits of the second ones by a model fitted to the first."""
        linear = fit_briefly(Labelled(features[0], truth, self.target), classes, penalty=penalty)
        with torch.no_grad():
            return features[1].scores(linear.weight) + linear.bias

    def _nearness(self, embeddings: tuple[Tensor, Tensor], learned: NDArray[np.int64]) -> Tensor:
        labels = self.labels[0]
        chosen = nearness.looked_at(learned, labels, 0)
        centres = nearness.find_centres(embeddings[0][torch.from_numpy(chosen)], labels[chosen])
        return nearness.nearness(embeddings[1], centres)

    def _blended(self, own: Tensor, ngrams: Tensor, kept: NDArray[np.bool_]) -> Tensor:
        known = torch.from_numpy(kept[self.labels[1]])
        truth = torch.from_numpy((np.cumsum(kept) - 1)[self.labels[1]])[known]
        factors = blend(own[known], ngrams[known], truth, self.target)
        return factors[0] * own + factors[1] * ngrams
