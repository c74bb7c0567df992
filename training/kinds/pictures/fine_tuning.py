"""Trains all of a picture network, from the head that fits its pretrained features, or from scratch."""

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.checkpoint import Checkpoint
from training.engine.device import choose_device
from training.engine.loop import restore, snapshot
from training.engine.process_group import assemble
from training.engine.progress import Progress
from training.engine.together import Work, train_together
from training.evaluation.outcome import Outcome
from training.evaluation.previous import split_samples
from training.export.export import export_early
from training.ground.epochs import EpochFigures
from training.ground.run import Run
from training.ground.samples import Samples
from training.kinds.pictures.decode import Decoded
from training.kinds.pictures.features import feature_extractor
from training.kinds.pictures.frozen import fit_head, learn_from_all
from training.kinds.pictures.graph import backbone_graph, with_head
from training.kinds.pictures.job import readable
from training.kinds.pictures.learner import PictureLearner, learner_of
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.pictures.vision import PictureClassifier
from training.targets.temperature import fit_temperature, tempered

_EXAMPLES = 8
_HEAD_EPOCHS = 10
_CHUNK = 256
_PICTURES = "pictures.npy"
Parts = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """What came of the head alone: its figures as epoch 0, and what its early export needs."""

    figures: EpochFigures
    progress: Progress
    probabilities: NDArray[np.float32]
    graph: Any


def train_network(
    run: Run,
    samples: Samples[Any],
    preprocess: PicturePreprocess,
    model: PictureClassifier,
    chunks: Iterator[Decoded],
) -> Outcome:
    """Decode everything once, fit the head if there are pretrained features, then train all layers."""
    group = assemble(run.folder, run.config, run.machine, run.events)
    pixels, unreadable = _collect(run, len(samples.items), preprocess.crop, chunks, on_disk=group.size > 1)
    samples, kept, skipped = readable(run, samples, unreadable)
    train_part, validation = split_samples(run, samples)
    # Unreadable pictures keep their place in the array, which may be a file larger than memory.
    parts = kept[train_part], kept[validation]
    labels = np.zeros(len(pixels), np.int64)
    labels[kept] = samples.labels
    model.head = torch.nn.Linear(model.head.in_features, len(samples.classes))
    as_it_came = snapshot(model)
    device = choose_device(run.machine.device)
    fingerprint = run.fingerprint("network", samples.labels.tolist())
    checkpoint = Checkpoint(run.folder / "checkpoint", fingerprint, run.events)
    outcome = functools.partial(
        Outcome,
        classes=samples.classes,
        preprocess=preprocess,
        examples=np.array(pixels[parts[1][:_EXAMPLES]]),
        train_count=len(parts[0]),
        truth=labels[parts[1]],
        sources=[samples.sources[i] for i in validation],
        skipped=skipped,
        skipped_count=len(skipped),
    )
    start, early = None, None
    if run.config.pretrained and checkpoint.load() is None:
        head = _fit_head_first(run, model, pixels, labels, parts, device)
        start = head.figures
        early = _head_export(run, model, head, preprocess.crop, outcome)
        if device.type == "cpu":
            # All layers take long there. On a GPU they are often done before this would be.
            early()
    model.flip = run.config.test_time_flip
    run.events.phase("training", 0.2, 0.93)
    learner = PictureLearner(
        model, pixels, labels, parts, run.config, device, group, threads=run.machine.threads
    )
    make = functools.partial(
        learner_of,
        name=model.name,
        flip=model.flip,
        pixels=run.folder / _PICTURES,
        labels=labels,
        parts=parts,
    )
    with run.phases.time("training"):
        progress = train_together(
            run,
            group,
            learner,
            Work(make=make, recipe=run.config, machine=run.machine, fingerprint=fingerprint, start=start),
            later=early,
        )
    run.phases.add("training", -learner.evaluation_seconds)
    run.phases.add("evaluation", learner.evaluation_seconds)
    head_alone = progress.best_epoch == 0
    # As it was measured.
    model.flip = run.config.test_time_flip and not head_alone
    with run.phases.time("evaluation"):
        probabilities = learner.probabilities()
    first = progress.history[0]
    if not head_alone and first.epoch == 0 and not surpasses(probabilities, labels[parts[1]], first.val_loss):
        restore(model, as_it_came)
        probabilities = _fit_head_first(_quietly(run), model, pixels, labels, parts, device).probabilities
        progress.take(first)
        model.flip, head_alone = False, True
    if device.type == "cuda":
        held = torch.cuda.max_memory_allocated(device) >> 20
        run.events.log(f"The training took up to {held} MB of the GPU's memory.")
    deployed_count, measured = len(parts[0]), None
    if head_alone:
        run.events.log(
            "Training all layers did no better than the head on the network as it came, which is kept."
        )
        features, _ = _features(_quietly(run), model, pixels, device, in_time=True)
        if len(features) == len(pixels):
            deployed_count, measured = learn_from_all(
                _by_newton(run), model, torch.from_numpy(features[kept]), samples.labels, deployed_count
            )
    model = model.to("cpu").eval()
    (run.folder / _PICTURES).unlink(missing_ok=True)
    return outcome(
        module=model,
        state=model.torchvision_state(),
        arguments={"flip": model.flip},
        graph=lambda: with_head(backbone_graph(model, preprocess.crop), model.head),
        progress=progress,
        deployed_count=deployed_count,
        measured=measured,
        probabilities=probabilities,
    )


def surpasses(probabilities: NDArray[np.float32], truth: NDArray[np.int64], loss: float) -> bool:
    """Whether probabilities [N, C], once calibrated, tell more of `truth` [N] than others of this mean log-loss.

    Of a few hundred pictures the luckiest of many epochs gets a few more right than it should; the log-loss weighs
    how sure it was of each (decision 017).
    """
    told = tempered(probabilities, fit_temperature(truth, probabilities))[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(told, 1e-12)).mean()) < loss


def _collect(
    run: Run, count: int, side: int, chunks: Iterator[Decoded], *, on_disk: bool
) -> tuple[NDArray[np.uint8], list[tuple[int, str]]]:
    """All pictures, uint8 [N, S, S, 3], in memory or, when they are many or `on_disk`, in a file of RUN_DIR."""
    shape = (count, side, side, 3)
    pixels: NDArray[np.uint8]
    if on_disk or int(np.prod(shape, dtype=np.int64)) > run.machine.picture_memory_mb * 1024**2:
        pixels = np.lib.format.open_memmap(run.folder / _PICTURES, "w+", np.dtype(np.uint8), shape)
    else:
        pixels = np.empty(shape, np.uint8)
    unreadable = []
    for first, chunk, refused in chunks:
        pixels[first : first + len(chunk)] = chunk
        unreadable += refused
        run.events.progress((first + len(chunk)) / count)
    return pixels, unreadable


def _fit_head_first(
    run: Run,
    model: PictureClassifier,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    parts: Parts,
    device: torch.device,
) -> _Head:
    """Fit the head to the features as they are; its figures become epoch 0."""
    run.events.phase("preparing", 0.05, 0.2, "fitting the head to the pretrained features")
    found, graph = _features(run, model, pixels, device)
    features = torch.from_numpy(found)
    quiet = _quietly(_by_newton(run))
    unused = Checkpoint(run.folder / "checkpoint", "", run.events)
    with run.phases.time("head"):
        progress = fit_head(quiet, model, features, labels, parts, unused)
    best = next(figures for figures in progress.history if figures.epoch == progress.best_epoch)
    seconds = sum(figures.seconds for figures in progress.history)
    with torch.no_grad():
        probabilities = model.head(features[torch.from_numpy(parts[1])]).softmax(1).numpy()
    figures = dataclasses.replace(best, epoch=0, seconds=seconds)
    return _Head(figures=figures, progress=progress, probabilities=probabilities, graph=graph)


def _head_export(
    run: Run, model: PictureClassifier, head: _Head, side: int, outcome: Callable[..., Outcome]
) -> Callable[[], None]:
    """What exports the head for use until the network has learned; called again it does nothing."""
    copied = copy.deepcopy(model).eval()
    early = outcome(
        module=copied,
        state=copied.torchvision_state(),
        arguments={},
        graph=lambda: with_head(head.graph or backbone_graph(copied, side), copied.head),
        progress=head.progress,
        probabilities=head.probabilities,
    )
    return functools.cache(lambda: export_early(run, early))


def _features(
    run: Run,
    model: PictureClassifier,
    pixels: NDArray[np.uint8],
    device: torch.device,
    *,
    in_time: bool = False,
) -> tuple[NDArray[np.float32], Any]:
    """What the network gives for all pictures, [N, F], and the graph that gave it, where one did; on the CPU then.

    With `in_time` of as many as the time allowed suffices for.
    """
    with run.phases.time("features"):
        graph = backbone_graph(model, pixels.shape[1]) if device.type == "cpu" else None
        extract = feature_extractor(model, graph, device, run.threads)
        found = []
        for start in range(0, len(pixels), _CHUNK):
            run.control.check()
            if in_time and run.control.out_of_time:
                break
            found.append(extract(pixels[start : start + _CHUNK]))
            run.events.progress(min(start + _CHUNK, len(pixels)) / len(pixels))
    model.to("cpu")
    return np.concatenate(found or [np.empty((0, model.head.in_features), np.float32)]), graph


def _by_newton(run: Run) -> Run:
    return dataclasses.replace(
        run, config=dataclasses.replace(run.config, solver="newton", epochs=_HEAD_EPOCHS)
    )


def _quietly(run: Run) -> Run:
    return dataclasses.replace(run, events=run.events.muted())
