"""Trains the head only: each picture goes through the frozen backbone once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.checkpoint import Checkpoint
from training.decode import Decoded
from training.device import choose_device
from training.features import feature_extractor
from training.label_audit import keep_suspects
from training.linear import DenseFeatures, Labelled, Linear, fit_linear
from training.loop import Progress
from training.outcome import Outcome
from training.picture_graph import backbone_graph, with_head
from training.picture_job import readable
from training.preprocess import PicturePreprocess
from training.run import Run
from training.samples import Samples
from training.split import stratified_split
from training.vision import PictureClassifier

_EXAMPLES = 8
# Strength of the penalty that does well on features of unit deviation from hundreds to thousands of pictures.
_PENALTY, _PENALTY_COUNT = 0.1, 3_000


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
    device = choose_device(run.config.device)
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
    train_part, validation = stratified_split(samples.labels, run.config.data_split, run.config.seed)
    run.events.phase("training", 0.8, 0.93)
    model = model.to("cpu")
    model.head = torch.nn.Linear(features.shape[1], len(samples.classes))
    checkpoint = Checkpoint(run.folder / "checkpoint", run.fingerprint("head", len(kept)), run.events)
    with run.phases.time("training"):
        progress = fit_head(run, model, features, samples.labels, (train_part, validation), checkpoint)
    with torch.no_grad():
        probabilities = model.head(features[validation]).softmax(1).numpy()
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
    """Fit `model.head` to features [N, F] of the training part; the best epoch by the validation part stays."""
    mean = features[parts[0]].mean(0)
    deviation = features[parts[0]].std(0, correction=0).mean().clamp(min=1e-6)
    scaled = (features - mean) / deviation
    truth = torch.from_numpy(labels)
    train, validation = (Labelled(DenseFeatures(scaled[part]), truth[part]) for part in parts)
    linear = Linear(features.shape[1], model.head.out_features)
    penalty = _PENALTY * min(1.0, _PENALTY_COUNT / len(parts[0]))
    progress = fit_linear(linear, train, validation, penalty=penalty, run=run, checkpoint=checkpoint)
    keep_suspects(run, scaled, truth, parts, penalty)
    with torch.no_grad():
        model.head.weight.copy_(linear.weight.T / deviation)
        model.head.bias.copy_(linear.bias - (mean / deviation) @ linear.weight)
    return progress
