"""What the audit needs to know of all sentences: their words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.audit.suspects import MOST_SAMPLES, suspects
from training.engine.linear import Features
from training.evaluation.evidence import Pairs
from training.ground.control import Control
from training.ground.samples import Parts, Samples
from training.kinds.sentences.alike.likeness import Likeness, compared
from training.kinds.sentences.alike.marks import MOST_SIGNED, marks_of
from training.kinds.sentences.alike.near import near_of_many, near_sentences
from training.kinds.sentences.baseline import naive_bayes
from training.kinds.sentences.ngrams import NORM, NGramTable, SparseFeatures
from training.kinds.sentences.rows import Rows
from training.kinds.sentences.tokens import Tokens
from training.targets.target import Target

_MOST_TOKENS = 128
# The strength that ngram_fit uses.
_STRENGTH = 0.1


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """`rows` are the token ids of each sentence, all below `words`; n-grams of `order` tell classes apart."""

    labels: NDArray[np.int64]
    train_count: int
    sentences: list[str]
    rows: Rows
    words: int
    order: int
    likeness: Likeness | None = None
    baseline_name: str = "naive Bayes on single words"

    @classmethod
    def of(
        cls, samples: Samples[str], parts: Parts, tokens: Tokens, likeness: Likeness | None
    ) -> "SentenceEvidence":
        """Of the sentences in `parts`; `likeness` is that of all samples."""
        order, vocabulary = np.concatenate(parts), tokens.vocabulary
        sentences = [samples.items[i] for i in order]
        return cls(
            samples.labels[order],
            len(parts[0]),
            sentences,
            tokens.of(order),
            vocabulary.size + 1,
            vocabulary.order,
            None if likeness is None else likeness.of(order),
        )

    def baseline(self, classes: int, target: Target) -> float | None:
        """See Evidence."""
        if not target.answers_one:
            return None  # naive Bayes counts words by the class of a sentence
        rows = self.rows[: self.train_count], self.rows[self.train_count :]
        labels = np.split(self.labels, [self.train_count])
        return naive_bayes(rows, labels, words=self.words, classes=classes, target=target)

    def near(self) -> Pairs:
        """See Evidence."""
        if len(self.sentences) <= MOST_SIGNED:
            return near_sentences(self.sentences)
        likeness = self.likeness or compared(self.sentences)
        likely = likeness.links.pairs[np.argsort(-likeness.links.likeness, kind="stable")]
        return near_of_many(self.sentences, likeness.exact, likely)

    def marks(self) -> dict[str, NDArray[Any]]:
        """See Evidence."""
        likeness = self.likeness
        return marks_of(self.sentences, (likeness.exact, likeness.loose) if likeness else None)

    def suspects(self, classes: int, target: Target, *, seed: int, control: Control) -> dict[str, Any] | None:
        """See Evidence; by the n-grams of up to `order` tokens."""
        random = np.random.default_rng(seed)
        looked_at = np.sort(random.permutation(len(self.rows))[:MOST_SAMPLES])
        table = NGramTable(self._cut(looked_at), self.words, self.order)

        def select(places: NDArray[np.int64]) -> Features:
            return SparseFeatures(self._cut(looked_at[places]), table)

        penalty = _STRENGTH / len(looked_at) * NORM**2
        labels = self.labels[looked_at]
        found = suspects(select, labels, classes, target, penalty=penalty, seed=seed, control=control)
        if found is not None:
            for item in found["found"]:
                item["place"] = int(looked_at[item["place"]])
        return found

    def _cut(self, places: NDArray[np.int64]) -> Rows:
        return self.rows.take(places).cut(_MOST_TOKENS)
