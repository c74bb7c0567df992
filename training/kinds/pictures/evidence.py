"""What the audit needs to know of all pictures: their descriptors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Pairs
from training.ground.control import Control
from training.ground.samples import Parts
from training.kinds.pictures.baseline import colours_and_shapes
from training.kinds.pictures.decoded import Usable
from training.kinds.pictures.descriptors import Descriptors, near_pictures
from training.kinds.pictures.marks import marks_of
from training.targets.target import Target


@dataclass(frozen=True, slots=True)
class PictureEvidence:
    """`places` [N] are those of the pictures in `descriptors`; suspects were found while the features were at hand."""

    labels: NDArray[np.int64]
    train_count: int
    descriptors: Descriptors
    places: NDArray[np.int64]
    found: dict[str, Any] | None
    baseline_name: str = "colours and coarse shapes"

    @classmethod
    def of(
        cls, descriptors: Descriptors, usable: Usable, parts: Parts, found: dict[str, Any] | None
    ) -> "PictureEvidence":
        """Of the pictures in `parts`, which are indices among the usable ones."""
        order = np.concatenate(parts)
        return cls(usable.samples.labels[order], len(parts[0]), descriptors, usable.places[order], found)

    def baseline(self, classes: int, target: Target) -> float | None:
        """See Evidence."""
        cut = [self.train_count]
        places, labels = np.split(self.places, cut), np.split(self.labels, cut)
        return colours_and_shapes(self.descriptors, places, labels, classes, target)

    def near(self) -> Pairs:
        """See Evidence."""
        return near_pictures(self.descriptors, self.places)

    def marks(self) -> dict[str, NDArray[Any]]:
        """See Evidence."""
        return marks_of(self.descriptors, self.places)

    def suspects(self, classes: int, target: Target, *, seed: int, control: Control) -> dict[str, Any] | None:
        """See Evidence."""
        return self.found
