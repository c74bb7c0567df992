"""Multinomial logistic regression on fixed features, dense or sparse: to its optimum, or by mini-batches."""

import dataclasses
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.engine.checkpoint import Checkpoint
from training.engine.lbfgs import Descent, Lbfgs
from training.engine.loop import Training, restore, snapshot
from training.engine.optimizers import Group
from training.engine.progress import Progress
from training.engine.retry import with_lower_rate_if_needed
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.targets.target import Target

_ITERATIONS_AN_EPOCH = 12
_REFIT_ITERATIONS = 30


class Features(Protocol):
    """N samples with F features each."""

    count: int
    width: int
    device: torch.device

    def scores(self, weight: Tensor) -> Tensor:
        """Products [N, C] with `weight` [F, C]."""

    def gradient(self, errors: Tensor) -> Tensor:
        """The transpose [F, C] of the same product, for `errors` [N, C]."""

    def batch_scores(self, rows: Tensor, weight: Tensor) -> Tensor:
        """`scores` of some rows only, differentiable in `weight`."""


class DenseFeatures:
    """Features as a matrix [N, F]."""

    def __init__(self, matrix: Tensor) -> None:
        self.matrix = matrix
        self.count, self.width = matrix.shape
        self.device = matrix.device

    def scores(self, weight: Tensor) -> Tensor:
        """See Features."""
        return self.matrix @ weight

    def gradient(self, errors: Tensor) -> Tensor:
        """See Features."""
        return self.matrix.T @ errors

    def batch_scores(self, rows: Tensor, weight: Tensor) -> Tensor:
        """See Features."""
        return self.matrix[rows.to(self.device)] @ weight


@dataclass(frozen=True, slots=True)
class Labelled:
    """Features with the truth [N] of each sample, as `target` has it: of one label int64 [N]."""

    features: Features
    labels: Tensor
    target: Target


def measure(linear: "Linear", part: Labelled) -> tuple[float, float]:
    """Mean loss of a `Linear` on a part, and its value of the target's score."""
    loss, decisions = _answers(linear, part)
    return loss, part.target.measure(part.labels.cpu().numpy(), decisions.cpu().numpy()).value


def _answers(linear: "Linear", part: Labelled) -> tuple[float, Tensor]:
    with torch.no_grad():
        scores = part.features.scores(linear.weight) + linear.bias
        return float(part.target.loss(scores, part.labels)), part.target.decide_logits(scores)


class Linear(nn.Module):
    """Weight [F, C] and bias [C], zero in the beginning."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, classes))
        self.bias = nn.Parameter(torch.zeros(classes))


def fit_to_optimum(
    linear: Linear,
    train: Labelled,
    validation: Labelled,
    *,
    penalty: float,
    config: Recipe,
    events: Events,
    control: Control,
    keep_last: bool = False,
    descent: Descent = Descent(),  # noqa: B008
) -> Progress:
    """Fit `linear` by L-BFGS; it ends with the weights of the epoch that did best on the validation part.

    With `keep_last` it ends with those of the last epoch, and the validation part has chosen nothing. `penalty`
    is the factor of half the squared weights in the mean loss. An "epoch" is a few iterations.
    """
    progress = Progress(score=train.target.score)
    share = _class_shares(train, linear.bias.numel(), config)
    solver = Lbfgs(
        objective(train, linear, penalty, share),
        torch.cat([p.detach().flatten() for p in linear.parameters()]),
        descent,
    )
    best = snapshot(linear)
    for epoch in range(1, config.epochs + 1):
        started = time.monotonic()
        # Few steps at first, so that the curve shows how the fit comes about.
        for _ in range(min(epoch, _ITERATIONS_AN_EPOCH)):
            control.check()
            if solver.converged or control.out_of_time:
                break
            solver.step()
        unflatten(linear, solver.point)
        figures = _figures(epoch, linear, train, validation, config, time.monotonic() - started)
        progress.history.append(figures)
        if keep_last or progress.is_better(figures.val_score, figures.val_loss):
            progress.take(figures)
            best = snapshot(linear)
        events.epoch(figures, config.epochs)
        events.progress(epoch / config.epochs)
        if control.out_of_time:
            events.warning(f"{control.why_over}; the best epoch so far was kept.")
            break
        if solver.converged:
            events.log(f"The solver reached the optimum in epoch {epoch}.")
            break
    restore(linear, best)
    return progress


def refit(
    linear: Linear,
    everything: Labelled,
    *,
    penalty: float,
    config: Recipe,
    control: Control,
    descent: Descent = Descent(),  # noqa: B008
) -> None:
    """Go on from a fit to a part of the samples to the optimum of all of them."""
    share = _class_shares(everything, linear.bias.numel(), config)
    solver = Lbfgs(
        objective(everything, linear, penalty, share),
        torch.cat([p.detach().flatten() for p in linear.parameters()]),
        descent,
    )
    for _ in range(_REFIT_ITERATIONS):
        control.check()
        if solver.converged or control.out_of_time:
            break
        solver.step()
    unflatten(linear, solver.point)


def _figures(
    epoch: int, linear: Linear, train: Labelled, validation: Labelled, config: Recipe, seconds: float
) -> EpochFigures:
    train_loss, decisions = _answers(linear, train)
    right = train.target.right(decisions, train.labels)
    val_loss, val_score = measure(linear, validation)
    if val_loss != val_loss:
        raise TrainingFailed(
            "diverged", "The features of this dataset do not lead to a usable model; use another preset."
        )
    return EpochFigures(
        epoch=epoch,
        train_loss=train_loss,
        train_accuracy=float(right.float().mean()),
        val_loss=val_loss,
        val_score=val_score,
        learning_rate=config.learning_rate,
        seconds=seconds,
        score=train.target.score,
    )


def _class_shares(part: Labelled, classes: int, config: Recipe) -> Tensor:
    """The weight [N] of each sample in the mean loss; they sum to one."""
    if config.class_weights:
        share: Tensor = part.target.balance(part.labels, classes)
    else:
        share = torch.ones(len(part.labels), device=part.labels.device)
    return share / share.sum()


def objective(train: Labelled, linear: Linear, penalty: float, share: Tensor) -> Any:
    """The penalised mean loss and its gradient as a function of weight and bias in one flat vector.

    `share` [N] is the weight of each sample in the mean.
    """
    shape = linear.weight.shape
    at = train.target.slope(train.labels, shape[1])

    def evaluate(point: Tensor) -> tuple[float, Tensor]:
        weight, bias = point[: shape.numel()].view(shape), point[shape.numel() :]
        losses, slopes = at(train.features.scores(weight) + bias)
        loss = (share * losses).sum() + 0.5 * penalty * weight.square().sum()
        errors = slopes * share[:, None]
        slope = train.features.gradient(errors) + penalty * weight
        return float(loss), torch.cat([slope.flatten(), errors.sum(0)])

    return evaluate


def unflatten(linear: Linear, point: Tensor) -> None:
    """Put weight and bias of the flat vector into `linear`."""
    with torch.no_grad():
        count = linear.weight.numel()
        linear.weight.copy_(point[:count].view_as(linear.weight))
        linear.bias.copy_(point[count:])


class LinearLearner:
    """Trains a `Linear` on fixed features by mini-batches, for whoever sets optimizer, rate, batch or epochs."""

    def __init__(self, linear: Linear, train: Labelled, validation: Labelled, config: Recipe) -> None:
        self.module: nn.Module = linear
        self._linear, self._train, self._validation, self.config = linear, train, validation, config
        self.target = train.target
        share = _class_shares(train, linear.bias.numel(), config) * len(train.labels)
        self._share = share if config.class_weights else None

    @property
    def validation_count(self) -> int:
        """See Learner."""
        return len(self._validation.labels)

    def groups(self) -> list[Group]:
        """See Learner."""
        return [Group([self._linear.weight]), Group([self._linear.bias], decay=False)]

    def batches(self, epoch: int) -> Sequence[Tensor]:
        """See Learner."""
        return shuffled_batches(self._train.features.count, self.config, epoch)

    def inputs(self, batch: Tensor) -> tuple[Sequence[Tensor], Hashable]:
        """See Learner."""
        return (batch,), None

    def backward(self, inputs: Sequence[Tensor], scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See Learner."""
        (batch,) = inputs
        scores = self._train.features.batch_scores(batch, self._linear.weight) + self._linear.bias
        labels = self._train.labels[batch.to(self._train.labels.device)]
        smoothing = self.config.label_smoothing
        losses = self.target.loss(scores, labels, smoothing=smoothing, reduction="none")
        if self._share is not None:
            losses = losses * self._share[batch.to(self._share.device)]
        loss = losses.mean()
        torch.autograd.backward(loss, scale)
        return loss.detach(), self.target.right(self.target.decide_logits(scores), labels).sum()

    def evaluate(self) -> tuple[float, float]:
        """See Learner."""
        return measure(self._linear, dataclasses.replace(self._validation, target=self.target))


def shuffled_batches(count: int, config: Recipe, epoch: int, *, equal: bool = False) -> list[Tensor]:
    """Indices of `count` samples in batches, in an order that depends on seed and epoch alone.

    With `equal` all batches are as large as one another, and the few samples that are over have their turn in another
    epoch.
    """
    generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
    order = torch.randperm(count, generator=generator)
    if equal:
        number = max(1, round(count / config.batch_size))
        return list(torch.split(order[: count - count % number], count // number))
    batches = list(torch.split(order, config.batch_size))
    if len(batches) > 1 and len(batches[-1]) < config.batch_size / 4:
        # A handful of samples makes a noisy step and bad batch statistics.
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def fit_linear(
    linear: Linear,
    train: Labelled,
    validation: Labelled,
    *,
    penalty: float,
    config: Recipe,
    events: Events,
    control: Control,
    checkpoint: Checkpoint,
    keep_last: bool = False,
    descent: Descent = Descent(),  # noqa: B008
) -> Progress:
    """Fit as `config.solver` says; see `fit_to_optimum` for `penalty`, `keep_last`, `descent`, which are its own."""
    if config.solver == "newton":
        return fit_to_optimum(
            linear,
            train,
            validation,
            penalty=penalty,
            config=config,
            events=events,
            control=control,
            keep_last=keep_last,
            descent=descent,
        )

    def by_batches(config: Recipe) -> Progress:
        torch.nn.init.zeros_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        learner = LinearLearner(linear, train, validation, config)
        return Training(learner, config, events=events, control=control, checkpoint=checkpoint).run()

    return with_lower_rate_if_needed(by_batches, config, events, checkpoint)
