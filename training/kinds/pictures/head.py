"""Trains the head only: each picture goes through the frozen backbone once."""

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.audit.suspects import suspects
from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.device import choose_device
from training.engine.linear import DenseFeatures, Features, Labelled, Linear, fit_linear, refit
from training.engine.progress import Progress
from training.evaluation.outcome import Outcome
from training.ground.control import Control
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts
from training.kinds.pictures.evidence import PictureEvidence
from training.kinds.pictures.features import feature_extractor
from training.kinds.pictures.material import Material, Network
from training.kinds.pictures.networks.graph import backbone_graph, with_head
from training.kinds.pictures.refits import HeadRefits
from training.score import SCORES
from training.targets.target import target_of

# Strength of the penalty that does well on features of unit deviation from hundreds to thousands of pictures.
_PENALTY, _PENALTY_COUNT = 0.1, 3_000
# A feature that hardly varies is not blown up beyond this share of the mean deviation.
_LEAST_DEVIATION = 0.1
_SUSPECTS_FILE = "suspects.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadFit:
    """What came of a fit: how it went, the labels that it found suspect (see audit.suspects), and what refits it."""

    progress: Progress
    suspects: dict[str, Any] | None
    refits: HeadRefits | None


def train_head(recipe: Recipe, network: Network, material: Material, run: Run) -> Outcome:
    """Features of all pictures, then the head."""
    model, pictures = network.model, material.pictures
    with run.phases.time("export"):
        make_graph = partial(backbone_graph, model, pictures.preprocess.crop)
        graph = pictures.graph(network.name, make_graph)
    extract = feature_extractor(model, graph, choose_device(run.machine.device), run.machine.cores)
    run.events.phase("preparing", 0.05, 0.8, "computing the features of the pictures")
    everything = pictures.features(network.name, extract, run)
    usable, parts = material.usable(recipe, run)
    samples = usable.samples
    if len(usable.places) < len(everything):
        everything = everything[usable.places]
    features = torch.from_numpy(everything)
    target = target_of(recipe.task, recipe.target)
    run.events.phase("training", 0.8, 0.93)
    model = model.to("cpu")
    model.head = torch.nn.Linear(features.shape[1], len(samples.classes))
    facts = material.facts("head", len(usable.places))
    checkpoint = Checkpoint(run.folder / "checkpoint", fingerprint(recipe, *facts), run.events)
    with run.phases.time("training"):
        fit = fit_head(
            recipe,
            model.head,
            features,
            samples.labels,
            parts,
            events=run.events,
            control=run.control,
            checkpoint=checkpoint,
            looks=run.choices is None,
        )
    with torch.no_grad():
        probabilities = target.probabilities(model.head(features[parts[1]])).numpy()
    with run.phases.time("training"):
        deployed_count, measured = learn_from_all(
            recipe, model.head, features, samples.labels, len(parts[0]), run
        )
    return Outcome(
        recipe=recipe,
        target=target,
        samples=samples,
        parts=parts,
        preprocess=pictures.preprocess,
        module=model,
        state=type(model).torchvision_state,
        arguments={},
        graph=lambda model: with_head(graph, model.head),
        examples=pictures.examples,
        progress=fit.progress,
        probabilities=probabilities,
        skipped=usable.skipped,
        sources=usable.sources,
        usable=usable.places,
        deployed_count=deployed_count,
        measured=measured,
        evidence=PictureEvidence.of(pictures.descriptors, usable, parts, fit.suspects),
        refits=fit.refits,
    )


def fit_head(
    recipe: Recipe,
    head: torch.nn.Linear,
    features: torch.Tensor,
    labels: NDArray[np.int64],
    parts: Parts,
    *,
    events: Events,
    control: Control,
    checkpoint: Checkpoint,
    looks: bool = True,
) -> HeadFit:
    """Fit `head` to features [N, F] of the training part.

    To its optimum, where the validation part chooses nothing, or by mini-batches, where the best epoch stays. If it
    `looks`, suspect labels are looked for while the features are at hand; their places count through training, then
    validation part.
    """
    mean, deviation = _statistics(features[parts[0]])
    truth = torch.from_numpy(labels)
    target = target_of(recipe.task, recipe.target)
    scaled = [features[part].sub_(mean).div_(deviation) for part in parts]
    train, validation = (
        Labelled(DenseFeatures(matrix), truth[part], target)
        for matrix, part in zip(scaled, parts, strict=True)
    )
    linear = Linear(features.shape[1], head.out_features)
    penalty = _penalty(len(parts[0]))
    progress = fit_linear(
        linear,
        train,
        validation,
        penalty=penalty,
        config=recipe,
        events=events,
        control=control,
        checkpoint=checkpoint,
        keep_last=True,
    )
    _set_head(head, linear, mean, deviation)
    if not looks:
        return HeadFit(progress=progress, suspects=None, refits=None)
    rows = np.concatenate(parts)

    def rescaled(places: NDArray[np.int64]) -> torch.Tensor:
        return features[torch.from_numpy(places)].sub_(mean).div_(deviation)

    def select(places: NDArray[np.int64]) -> Features:
        return DenseFeatures(rescaled(rows[places]))

    found = suspects(
        select,
        labels[rows],
        head.out_features,
        target,
        penalty=penalty,
        seed=recipe.seed,
        control=control,
    )
    refits = HeadRefits.of(
        rescaled, labels, rows, classes=head.out_features, target=target, penalty=penalty, seed=recipe.seed
    )
    return HeadFit(progress=progress, suspects=found, refits=refits)


def learn_from_all(
    recipe: Recipe,
    head: torch.nn.Linear,
    features: torch.Tensor,
    labels: NDArray[np.int64],
    train_count: int,
    run: Run,
) -> tuple[int, dict[str, NDArray[np.float32]] | None]:
    """Fit `head` to all pictures, features [N, F], now that it has been measured on those kept apart.

    There is nothing left to choose by the validation part, and a fifth more pictures make the model better. Gives how
    many it learned from, and, where it did, the head that was measured, by the names of its arrays in the graph.
    """
    if recipe.solver != "newton" or run.control.out_of_time or run.choices is not None:
        return train_count, None
    measured = {f"head.{name}": tensor.numpy().copy() for name, tensor in head.state_dict().items()}
    mean, deviation = _statistics(features)
    linear = Linear(features.shape[1], head.out_features)
    with torch.no_grad():
        linear.weight.copy_(head.weight.T * deviation[:, None])
        linear.bias.copy_(head.bias + head.weight @ mean)
    scaled, truth = DenseFeatures((features - mean).div_(deviation)), torch.from_numpy(labels)
    everything = Labelled(scaled, truth, target_of(recipe.task, recipe.target))
    refit(linear, everything, penalty=_penalty(len(labels)), config=recipe, control=run.control)
    _set_head(head, linear, mean, deviation)
    run.events.log(
        f"The {SCORES[everything.target.score].word} was measured on {len(labels) - train_count:,} pictures kept "
        f"separate from the {train_count:,} used for learning. The model you get then learned from all {len(labels):,}."
    )
    return len(labels), measured


def save_suspects(folder: Path, found: dict[str, Any] | None) -> None:
    """Keep them for a later attempt, which goes on from a checkpoint and does not fit the head again."""
    path = folder / "checkpoint" / _SUSPECTS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(found), encoding="utf-8")
    os.replace(temporary, path)


def saved_suspects(folder: Path) -> dict[str, Any] | None:
    """What an earlier attempt kept; None when it did not look."""
    try:
        text = (folder / "checkpoint" / _SUSPECTS_FILE).read_text(encoding="utf-8")
        found: dict[str, Any] | None = json.loads(text)
    except (OSError, ValueError):
        return None
    return found


def _statistics(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation [F] that bring the features to about the same scale."""
    deviation = features.std(0, correction=0)
    return features.mean(0), deviation.clamp(min=max(_LEAST_DEVIATION * float(deviation.mean()), 1e-6))


def _penalty(count: int) -> float:
    return _PENALTY * min(1.0, _PENALTY_COUNT / count)


@torch.no_grad()
def _set_head(head: torch.nn.Linear, linear: Linear, mean: torch.Tensor, deviation: torch.Tensor) -> None:
    """The layer for raw features that does what `linear` does for scaled ones."""
    weight = linear.weight / deviation[:, None]
    head.weight.copy_(weight.T)
    head.bias.copy_(linear.bias - mean @ weight)
