"""What a simple method reaches on the same split, so that a score can be judged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.audit.suspects import fit_briefly
from training.engine.linear import DenseFeatures, Labelled
from training.kinds.pictures.descriptors import Descriptors
from training.targets.target import Target

_PENALTY = 0.1


def colours_and_shapes(
    descriptors: Descriptors,
    parts: Sequence[NDArray[np.int64]],
    labels: Sequence[NDArray[np.int64]],
    classes: int,
    target: Target,
) -> float | None:
    """The target's score on the validation part of a linear model of thumbnails of 8 x 9 cells and coarse colours.

    `parts` are the places in `descriptors` of the training and of the validation part.
    """
    if not len(parts[1]):
        return None
    train, validation = (_plain_features(descriptors, part) for part in parts)
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-2
    features = DenseFeatures(torch.from_numpy((train - middle) / spread))
    learned = Labelled(features, torch.from_numpy(labels[0]), target)
    fitted = fit_briefly(learned, classes, penalty=_PENALTY)
    with torch.no_grad():
        scores = torch.from_numpy((validation - middle) / spread) @ fitted.weight + fitted.bias
    return target.measure(labels[1], target.decide_logits(scores).numpy()).value


def _plain_features(descriptors: Descriptors, part: NDArray[np.int64]) -> NDArray[Any]:
    thumbnails = descriptors.thumbnails[part].reshape(len(part), -1).astype(np.float32) / 255
    return np.concatenate([thumbnails, np.sqrt(descriptors.colours[part].astype(np.float32))], axis=1)
