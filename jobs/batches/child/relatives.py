"""Which samples of a labelled file hang together: with each other, and with those that the model was trained with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ground.sources import Links

# What the evidence of a training left in its bundle to find its samples again.
Marks = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Relatives:
    """`links` between samples that are likely from one source; `seen` [N] says which are nearly the same as one that
    the model was trained with, None where that is not known."""

    links: Links = field(default_factory=Links.none)
    seen: NDArray[np.bool_] | None = None
