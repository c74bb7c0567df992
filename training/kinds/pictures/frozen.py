"""Trains the head only: each picture goes through the frozen backbone once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.audit.suspects import keep_suspects
from training.engine.checkpoint import Checkpoint
from training.engine.device import choose_device
from training.engine.linear import DenseFeatures, Labelled, Linear, fit_linear, refit
from training.engine.progress import Progress
from training.evaluation.outcome import Outcome
from training.evaluation.previous import split_samples
from training.ground.run import Run
from training.ground.samples import Samples
from training.kinds.pictures.decode import Decoded
from training.kinds.pictures.features import feature_extractor
from training.kinds.pictures.graph import backbone_graph, with_head
from training.kinds.pictures.job import readable
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.pictures.vision import PictureClassifier

_EXAMPLES = 8
# Strength of the penalty that does well on features of unit deviation from hundreds to thousands of pictures.
_PENALTY, _PENALTY_COUNT = 0.1, 3_000
# A feature that hardly varies is not blown up beyond this share of the mean deviation.
_LEAST_DEVIATION = 0.1


def train_head(
    run: Run,
    samples: Samples[Any],
    preprocess: PicturePreprocess,
    model: PictureClassifier,
    chunks: Iterator[Decoded],
) -> Outcome:
    """Features of all pictures, then the head."""
    total = len(samples.items)
    with run.phases.time("export"):
        graph = backbone_graph(model, preprocess.crop)
    device = choose_device(run.machine.device)
    extract = feature_extractor(model, graph, device, run.threads)
    run.events.phase("preparing", 0.05, 0.8, "computing the features of the pictures")
    parts: list[NDArray[np.float32]] = []
    examples: list[NDArray[np.uint8]] = []
    unreadable: list[tuple[int, str]] = []
    for first, pixels, refused in chunks:
        with run.phases.time("features"):
            parts.append(extract(pixels))
        bad = {index - first for index, _ in refused}
        if sum(len(some) for some in examples) < _EXAMPLES:
            examples.append(pixels[[i for i in range(len(pixels)) if i not in bad][:_EXAMPLES]])
        unreadable += refused
        run.events.progress((first + len(pixels)) / total)
    samples, kept, skipped = readable(run, samples, unreadable)
    features = torch.from_numpy(np.concatenate(parts)[kept])
    train_part, validation = split_samples(run, samples)
    run.events.phase("training", 0.8, 0.93)
    model = model.to("cpu")
    model.head = torch.nn.Linear(features.shape[1], len(samples.classes))
    checkpoint = Checkpoint(run.folder / "checkpoint", run.fingerprint("head", len(kept)), run.events)
    with run.phases.time("training"):
        progress = fit_head(run, model, features, samples.labels, (train_part, validation), checkpoint)
    with torch.no_grad():
        probabilities = model.head(features[validation]).softmax(1).numpy()
    with run.phases.time("training"):
        deployed_count, measured = learn_from_all(run, model, features, samples.labels, len(train_part))
    return Outcome(
        classes=samples.classes,
        preprocess=preprocess,
        module=model,
        state=model.torchvision_state(),
        arguments={},
        graph=lambda: with_head(graph, model.head),
        examples=np.concatenate(examples)[:_EXAMPLES],
        progress=progress,
        train_count=len(train_part),
        deployed_count=deployed_count,
        measured=measured,
        truth=samples.labels[validation],
        probabilities=probabilities,
        sources=[samples.sources[i] for i in validation],
        skipped=skipped,
        skipped_count=len(skipped),
    )


def fit_head(
    run: Run,
    model: PictureClassifier,
    features: torch.Tensor,
    labels: NDArray[np.int64],
    parts: Sequence[NDArray[np.int64]],
    checkpoint: Checkpoint,
) -> Progress:
    """Fit `model.head` to features [N, F] of the training part.

    To its optimum, where the validation part chooses nothing, or by mini-batches, where the best epoch stays.
    """
    mean, deviation = _statistics(features[parts[0]])
    scaled = (features - mean) / deviation
    truth = torch.from_numpy(labels)
    train, validation = (Labelled(DenseFeatures(scaled[part]), truth[part]) for part in parts)
    linear = Linear(features.shape[1], model.head.out_features)
    penalty = _penalty(len(parts[0]))
    progress = fit_linear(
        linear, train, validation, penalty=penalty, run=run, checkpoint=checkpoint, keep_last=True
    )
    keep_suspects(run, scaled, truth, parts, penalty)
    _set_head(model.head, linear, mean, deviation)
    return progress


def learn_from_all(
    run: Run, model: PictureClassifier, features: torch.Tensor, labels: NDArray[np.int64], train_count: int
) -> tuple[int, dict[str, NDArray[np.float32]] | None]:
    """Fit the head to all pictures, features [N, F], now that it has been measured on those kept apart.

    There is nothing left to choose by the validation part, and a fifth more pictures make the model better. Gives how
    many it learned from, and, where it did, the head that was measured, by the names of its arrays in the graph.
    """
    if run.config.solver != "newton" or run.control.out_of_time:
        return train_count, None
    measured = {f"head.{name}": tensor.numpy().copy() for name, tensor in model.head.state_dict().items()}
    mean, deviation = _statistics(features)
    linear = Linear(features.shape[1], model.head.out_features)
    with torch.no_grad():
        linear.weight.copy_(model.head.weight.T * deviation[:, None])
        linear.bias.copy_(model.head.bias + model.head.weight @ mean)
    everything = Labelled(DenseFeatures((features - mean) / deviation), torch.from_numpy(labels))
    refit(linear, everything, penalty=_penalty(len(labels)), config=run.config, control=run.control)
    _set_head(model.head, linear, mean, deviation)
    run.events.log(
        f"The accuracy was measured on {len(labels) - train_count} pictures kept apart from the {train_count} "
        f"learned from. The model that you get then learned from all {len(labels)}."
    )
    return len(labels), measured


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
