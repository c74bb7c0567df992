"""What the audit needs to know of all samples: pictures by their looks, sentences by their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.duplicates import Pairs, near_pictures, near_sentences
from training.looks import Looks
from training.run import Run

Parts = Sequence[NDArray[np.int64]]


class Evidence(Protocol):
    """All usable samples, the `train_count` ones of the training part first."""

    @property
    def sources(self) -> list[str]:
        """Where each sample came from."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Classes [N]."""

    @property
    def train_count(self) -> int:
        """How many are the training part."""

    @property
    def baseline_name(self) -> str:
        """What the simple method is called."""

    def baseline(self, classes: int) -> float | None:
        """Validation accuracy of a simple method."""

    def near(self) -> Pairs:
        """Pairs (i < j) of samples that are nearly the same."""

    def suspects(self, run: Run, classes: int) -> dict[str, Any] | None:
        """See label_audit.suspects."""


@dataclass(frozen=True, slots=True)
class PictureEvidence:
    """`places` [N] are those of the samples in `looks`."""

    sources: list[str]
    labels: NDArray[np.int64]
    train_count: int
    looks: Looks
    places: NDArray[np.int64]
    baseline_name: str = "colours and coarse shapes"

    def baseline(self, classes: int) -> float | None:
        """See Evidence."""
        from training.baselines import colours_and_shapes

        cut = [self.train_count]
        return colours_and_shapes(self.looks, np.split(self.places, cut), np.split(self.labels, cut), classes)

    def near(self) -> Pairs:
        """See Evidence."""
        return near_pictures(self.looks, self.places)

    def suspects(self, run: Run, classes: int) -> dict[str, Any] | None:
        """See Evidence; found while the features were at hand."""
        from training.label_audit import kept_suspects

        return kept_suspects(run)


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
        from training.baselines import naive_bayes

        rows = self.rows[: self.train_count], self.rows[self.train_count :]
        labels = np.split(self.labels, [self.train_count])
        return naive_bayes(rows, labels, words=self.words, classes=classes)

    def near(self) -> Pairs:
        """See Evidence."""
        return near_sentences(self.sentences)

    def suspects(self, run: Run, classes: int) -> dict[str, Any] | None:
        """See Evidence."""
        from training.label_audit import sentence_suspects

        return sentence_suspects(self.rows, self.labels, classes, words=self.words, order=self.order, run=run)
