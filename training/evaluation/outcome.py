"""What a training hands over to evaluation and export."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from training.bundle.preprocessing import Preprocessing
from training.engine.progress import Progress
from training.evaluation.collect import Refits
from training.evaluation.evidence import Evidence
from training.ground.recipe import Recipe
from training.ground.samples import Parts, Samples
from training.targets.target import Target

# (which of the classes may be learned [C]) -> truth [N] of the validation part or some of it, by the indices of all C
# classes, and the probabilities [N, K] that a model gives them which learned from samples of these K classes alone.
LeaveOut = Callable[[NDArray[np.bool_]], tuple[NDArray[np.int64], NDArray[np.float32]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A trained model with what was measured on the validation part.

    `recipe` is what was carried out, which may be another one than was asked for: weights may be out of reach. Of
    `samples`, those that could be used, `parts` are the indices of what was learned from and of what was measured on;
    `probabilities` [N, C] are of the latter, or of all `folds`.

    `module` gives logits of `examples` (uint8 pictures [n, S, S, 3] or int64 ids [n, T]); its `last_layers()` are those
    with a weight and a bias to which the logits are proportional. `state` of it and `arguments` are what model.pt holds
    to build it again; `graph` makes its ONNX model. `deployed_count` is how many samples it learned from in the end,
    when not the training part alone. `measured`, where it learned from the validation part, too, is the model that was
    measured before: its ONNX model, or the arrays that take the place of those of the same name in that of `graph`.
    `unlearned` names the tensors of the state that are as they came, so that others may have the same, in an order
    that those have in common. `evidence` is for the audit of the data, `target` what was learnt (see `target_of`).
    `sources` [N] tells which samples come from one source (`training.ground.sources`), where that was looked for.
    `decided` are the decisions about the validation part where those of the target would flatter it.
    `leave_out`, where models of the kind tell what belongs to none of the classes, makes simpler models of the same
    features that know some of them; `refits` make such models that learn from some of the samples. `optimism` is by how
    much the score of the validation part is too good, because the model was chosen among several by it.
    `usable` [N] are the places of `samples` among all that were given, None where all could be used. `choices` is what
    the validation part has chosen, see `training.ground.run.Run`. `folds` [N], where it was measured in folds
    (`training.search.folds`), says which model answered for each sample: 0 is the one measured on the validation part,
    which `measured` is, -1 none.
    """

    recipe: Recipe
    target: Target
    samples: Samples[Any]
    parts: Parts
    preprocess: Preprocessing
    module: nn.Module
    state: Callable[[Any], dict[str, Tensor]]
    arguments: dict[str, Any]
    graph: Callable[[Any], Any]
    examples: NDArray[Any]
    progress: Progress
    probabilities: NDArray[np.float32]
    skipped: tuple[dict[str, str], ...] = ()
    deployed_count: int = 0
    measured: Callable[[], Any] | dict[str, NDArray[np.float32]] | None = None
    unlearned: tuple[str, ...] = ()
    evidence: Evidence | None = None
    sources: NDArray[np.int64] | None = None
    leave_out: LeaveOut | None = None
    optimism: float = 0.0
    refits: Refits | None = None
    usable: NDArray[np.int64] | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    folds: NDArray[np.int64] | None = None
    decided: NDArray[Any] | None = None

    @property
    def classes(self) -> list[str]:
        """The labels in the order of the model's outputs."""
        return self.samples.classes

    @property
    def measured_on(self) -> NDArray[np.int64]:
        """The indices [N] of the samples that it was measured on: the validation part, or all folds."""
        return self.parts[1] if self.folds is None else np.flatnonzero(self.folds >= 0)

    @property
    def fold_count(self) -> int:
        """How many models answered for the samples, each for others: 1 without folds."""
        return 1 if self.folds is None else len(np.unique(self.folds[self.folds >= 0]))

    @property
    def train_count(self) -> int:
        """How many samples the measured model learned from; in folds, on average."""
        if self.folds is None:
            return len(self.parts[0])
        return round(len(self.folds) - len(self.measured_on) / self.fold_count)

    @property
    def truth(self) -> NDArray[Any]:
        """The truth [N] of what it was measured on, as the target has it."""
        return self.samples.labels[self.measured_on]

    @property
    def decisions(self) -> NDArray[Any]:
        """What the model answers about the validation part, in the form of the truth."""
        return self.target.decide(self.probabilities) if self.decided is None else self.decided

    @property
    def measured_sources(self) -> NDArray[np.int64] | None:
        """The sources [N] of what it was measured on."""
        return None if self.sources is None else self.sources[self.measured_on]

    @property
    def shown(self) -> list[str]:
        """The samples [N] that it was measured on as people are told of them."""
        return [self.samples.shown(int(i)) for i in self.measured_on]


# What gets a model that can be used while the training goes on; None where nobody waits for it.
Early = Callable[[Outcome], None] | None
