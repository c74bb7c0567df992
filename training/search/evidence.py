"""What the audit is told of samples that were measured in folds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.audit.suspects import contradictions
from training.evaluation.evidence import Evidence, Pairs
from training.evaluation.outcome import Outcome
from training.ground.control import Control
from training.targets.target import Target


@dataclass(frozen=True, slots=True)
class FoldsEvidence:
    """`own` evidence of the first fold, with what the answers of all folds say better; see `Evidence`."""

    own: Evidence
    outcome: Outcome
    mean: float | None

    @property
    def labels(self) -> NDArray[np.int64]:
        """See Evidence."""
        return self.own.labels

    @property
    def train_count(self) -> int:
        """See Evidence."""
        return self.own.train_count

    @property
    def baseline_name(self) -> str:
        """See Evidence."""
        return self.own.baseline_name

    def baseline(self, classes: int, target: Target) -> float | None:
        """See Evidence; the mean over the folds."""
        return self.mean

    def near(self) -> Pairs:
        """See Evidence."""
        return self.own.near()

    def marks(self) -> dict[str, NDArray[Any]]:
        """See Evidence."""
        return self.own.marks()

    def suspects(self, classes: int, target: Target, *, seed: int, control: Control) -> dict[str, Any] | None:
        """See Evidence; by the model itself, which had not learned from the sample that it contradicts."""
        order = np.argsort(np.concatenate(self.outcome.parts))
        places = order[np.searchsorted(np.sort(np.concatenate(self.outcome.parts)), self.outcome.measured_on)]
        return contradictions(places, self.outcome.truth, self.outcome.probabilities, target)
