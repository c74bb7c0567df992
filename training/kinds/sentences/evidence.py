"""What the audit needs to know of all sentences: their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.audit.suspects import MOST_SAMPLES, suspects
from training.engine.linear import Features
from training.evaluation.evidence import Pairs
from training.ground.run import Run
from training.kinds.sentences.baseline import naive_bayes
from training.kinds.sentences.near import near_sentences
from training.kinds.sentences.ngrams import NORM, NGramTable, SparseFeatures

_MOST_TOKENS = 128


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """`rows` are the token ids of each sentence, all below `words`; n-grams of `order` tell classes apart."""

    sources: list[str]
    labels: NDArray[np.int64]
    train_count: int
    sentences: list[str]
    rows: list[list[int]]
    words: int
    order: int
    baseline_name: str = "naive Bayes on single words"

    def baseline(self, classes: int) -> float | None:
        """See Evidence."""
        rows = self.rows[: self.train_count], self.rows[self.train_count :]
        labels = np.split(self.labels, [self.train_count])
        return naive_bayes(rows, labels, words=self.words, classes=classes)

    def near(self) -> Pairs:
        """See Evidence."""
        return near_sentences(self.sentences)

    def suspects(self, run: Run, classes: int) -> dict[str, Any] | None:
        """See Evidence."""
        return sentence_suspects(self.rows, self.labels, classes, words=self.words, order=self.order, run=run)


def sentence_suspects(
    rows: Sequence[list[int]], labels: NDArray[np.int64], classes: int, *, words: int, order: int, run: Run
) -> dict[str, Any] | None:
    """See `suspects`, by the n-grams of up to `order` tokens of `rows`; places are those in `rows`."""
    random = np.random.default_rng(run.config.seed)
    looked_at = np.sort(random.permutation(len(rows))[:MOST_SAMPLES])
    table = NGramTable([rows[i][:_MOST_TOKENS] for i in looked_at], words, order)

    def select(places: NDArray[np.int64]) -> Features:
        return SparseFeatures([rows[looked_at[i]][:_MOST_TOKENS] for i in places], table)

    # The strength that training.kinds.sentences.job uses.
    penalty = 0.1 / len(looked_at) * NORM**2
    found = suspects(select, labels[looked_at], classes, penalty=penalty, seed=run.config.seed, run=run)
    if found is not None:
        for item in found["found"]:
            item["place"] = int(looked_at[item["place"]])
    return found
