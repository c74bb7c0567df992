"""What a training hands over to evaluation and export."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.progress import Progress
from training.evaluation.evidence import Evidence
from training.ground.recipe import Recipe
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.preprocess import TextPreprocess
from training.targets.one_label import ONE_LABEL
from training.targets.target import Target


@dataclass(kw_only=True, slots=True)
class Outcome:
    """A trained model with what was measured on the validation part.

    `module` gives logits of `examples` (uint8 pictures [n, S, S, 3] or int64 ids [n, T]); `state` and `arguments`
    are what model.pt holds to build it again; `graph` makes the ONNX model, from the module as it then is. `truth`
    [N] and `probabilities` [N, C] are of the validation part, `sources` says where its samples came from.
    `deployed_count` is how many samples the module learned from in the end, when not the training part alone.
    `measured`, where the module learned from the validation part, too, is the model that was measured before: its
    ONNX model, or the arrays that take the place of those of the same name in `graph`. `evidence` is for the audit of
    the data, `target` what was learnt. `config` is the configuration as it was carried out, where that is another one
    than was asked for: weights may be out of reach.
    """

    classes: list[str]
    preprocess: PicturePreprocess | TextPreprocess
    module: nn.Module
    state: dict[str, Tensor]
    arguments: dict[str, Any]
    graph: Callable[[], Any]
    examples: NDArray[Any]
    progress: Progress
    train_count: int
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    sources: list[str]
    skipped: list[dict[str, str]] = field(default_factory=list)
    skipped_count: int = 0
    deployed_count: int = 0
    measured: Callable[[], Any] | dict[str, NDArray[np.float32]] | None = None
    evidence: Evidence | None = None
    config: Recipe | None = None
    target: Target = ONE_LABEL
