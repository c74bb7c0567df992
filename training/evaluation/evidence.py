"""What the audit needs to know of all samples; each kind has its own."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.ground.control import Control
from training.targets.target import Target

Pairs = list[tuple[int, int]]


class Evidence(Protocol):
    """All samples that were used, the `train_count` ones of the training part first."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Classes [N]."""

    @property
    def train_count(self) -> int:
        """How many are the training part."""

    @property
    def baseline_name(self) -> str:
        """What the simple method is called."""

    def baseline(self, classes: int, target: Target) -> float | None:
        """What a simple method reaches on the validation part: its value of the target's score."""

    def near(self) -> Pairs:
        """Pairs (i < j) of samples that are nearly the same."""

    def marks(self) -> dict[str, NDArray[Any]]:
        """What tells of another sample whether it is nearly the same as one of these, without them: small arrays."""

    def suspects(self, classes: int, target: Target, *, seed: int, control: Control) -> dict[str, Any] | None:
        """See audit.suspects."""
