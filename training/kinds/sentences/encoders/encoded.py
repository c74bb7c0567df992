"""What goes into the training of an encoder, and what comes out of it."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from training.ground.samples import Parts
from training.kinds.sentences.encoders.bert import Bert


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """All sentences as the encoder gets them: `rows` of ids, `labels` [N], `parts` of them to learn from and measure.

    `encoder` reads a `window` of ids at a time, and the first `length` of each. Of the sentences `embedded` the fit
    keeps what the encoder made of them before it learned. `once`, where several trainings share it, keeps what the
    encoder makes of all of them before it learns; `latest` the same of its lower layers, by a key.
    """

    encoder: Bert
    window: int
    length: int
    rows: Sequence[Sequence[int]]
    labels: NDArray[np.int64]
    parts: Parts
    embedded: Parts | None = None
    once: Callable[[Callable[[], Tensor]], Tensor] | None = None
    latest: Callable[[Hashable, Callable[[], Any]], Any] | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """An encoder with its head, and what it makes [N, W] of the sentences for centres and of those measured.

    Its first `kept` layers did not learn; None: all did.
    """

    encoder: Bert
    head: nn.Linear
    features: Tensor
    kept: int | None
