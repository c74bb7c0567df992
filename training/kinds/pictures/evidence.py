"""What the audit needs to know of all pictures: their looks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.audit.suspects import kept_suspects
from training.evaluation.evidence import Pairs
from training.ground.run import Run
from training.kinds.pictures.baseline import colours_and_shapes
from training.kinds.pictures.looks import Looks
from training.kinds.pictures.near import near_pictures


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
        cut = [self.train_count]
        return colours_and_shapes(self.looks, np.split(self.places, cut), np.split(self.labels, cut), classes)

    def near(self) -> Pairs:
        """See Evidence."""
        return near_pictures(self.looks, self.places)

    def suspects(self, run: Run, classes: int) -> dict[str, Any] | None:
        """See Evidence; found while the features were at hand."""
        return kept_suspects(run)
