"""Trains all of a picture network, from the head that fits its pretrained features, or from scratch."""

import copy
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.device import choose_device
from training.engine.loop import restore, snapshot
from training.engine.process_group import ProcessGroup, assemble
from training.engine.progress import Progress
from training.engine.together import Work, train_together
from training.evaluation.outcome import Early, Outcome
from training.evaluation.report import log_loss
from training.ground.epochs import EpochFigures
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import Parts
from training.kinds.pictures.decoded import Usable
from training.kinds.pictures.evidence import PictureEvidence
from training.kinds.pictures.features import feature_extractor
from training.kinds.pictures.head import HeadFit, fit_head, learn_from_all, save_suspects, saved_suspects
from training.kinds.pictures.learner import PictureLearner, learner_of
from training.kinds.pictures.material import Material, Network
from training.kinds.pictures.networks.graph import backbone_graph, with_head
from training.kinds.pictures.networks.vision import PictureClassifier
from training.kinds.pictures.refits import HeadRefits
from training.targets.target import Target, target_of

# Whether the head on the network as it came is the model; chosen by the validation part (decision 017).
HEAD_ALONE = "head_alone"
_EXAMPLES = 8
_HEAD_EPOCHS = 10


def train_network(
    recipe: Recipe, network: Network, material: Material, run: Run, early: Early = None
) -> Outcome:
    """Decode everything once, fit the head if there are pretrained features, then train all layers."""
    group = assemble(run.folder, recipe, run.machine, run.events)
    pixels = material.pictures.pixels(run, on_disk=group.size > 1)
    usable, parts = material.usable(recipe, run)
    tuning = _FineTuning(recipe, network, material, run, pixels, usable, parts)
    head = tuning.fit_head_first() if tuning.starts_from_a_head() else None
    if head is not None and run.choices is not None and run.choices.get(HEAD_ALONE):
        return tuning.outcome(kept_head(head), (len(parts[0]), None))
    progress, learner = tuning.train_layers(group, head, early)
    with run.phases.time("evaluation"):
        probabilities = learner.probabilities()
    kept = tuning.better_of(progress, probabilities)
    tuning.tell_memory()
    return tuning.outcome(kept, tuning.learn_from_all(kept))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """The head alone: its figures as epoch 0, what it answers, and the graph that gave its features, on CPUs."""

    fit: HeadFit
    figures: EpochFigures
    probabilities: NDArray[np.float32]
    graph: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """Which model it is in the end: that of `progress.best_epoch`, where 0 is the `head` alone."""

    progress: Progress
    probabilities: NDArray[np.float32]
    is_head_alone: bool


def kept_head(head: _Head) -> _Kept:
    """The head alone, where that is known to be the model before any layer below has been trained."""
    return _Kept(progress=head.fit.progress, probabilities=head.probabilities, is_head_alone=True)


class _FineTuning:
    """The steps of one training of all layers."""

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        material: Material,
        run: Run,
        pixels: NDArray[np.uint8],
        usable: Usable,
        parts: Parts,
    ) -> None:
        self._recipe, self._network, self._material, self._run = recipe, network, material, run
        self._target = target_of(recipe.task, recipe.target)
        self._pixels, self._usable, self._parts = pixels, usable, parts
        # Unreadable pictures keep their place in the array, which may be a file larger than memory.
        self._places = usable.places[parts[0]], usable.places[parts[1]]
        labels = usable.samples.labels
        self._labels = np.zeros((len(pixels), *labels.shape[1:]), labels.dtype)
        self._labels[usable.places] = labels
        self._model = network.model
        self._model.head = torch.nn.Linear(self._model.head.in_features, len(usable.samples.classes))
        self._as_it_came = snapshot(self._model)
        self._device = choose_device(run.machine.device)
        facts = material.facts("network", usable.samples.labels.tolist())
        self._fingerprint = fingerprint(recipe, *facts)
        self._head_recipe = dataclasses.replace(recipe, solver="newton", epochs=_HEAD_EPOCHS)
        # Where an earlier attempt fitted the head, it has looked, too.
        self._suspects = saved_suspects(run.folder) if recipe.pretrained else None
        self._refits: HeadRefits | None = None

    def starts_from_a_head(self) -> bool:
        """Whether the features are worth something, and no earlier attempt has come further."""
        checkpoint = Checkpoint(self._run.folder / "checkpoint", self._fingerprint, self._run.events)
        return self._recipe.pretrained and checkpoint.load() is None

    def fit_head_first(self) -> _Head:
        """Fit the head to the features as they are."""
        self._run.events.phase("preparing", 0.05, 0.2, "fitting the head to the pretrained features")
        head = self._fit_head(self._run.events)
        self._suspects = head.fit.suspects
        if head.fit.refits is not None:
            self._refits = head.fit.refits.among(self._usable.places)
        save_suspects(self._run.folder, self._suspects)
        return head

    def train_layers(
        self, group: ProcessGroup, head: _Head | None, early: Early
    ) -> tuple[Progress, PictureLearner]:
        """Train all layers, together with the processes of `group`; the module holds the best epoch's weights.

        `early` gets a model for use until the network has learned.
        """
        run, model, recipe = self._run, self._model, self._recipe
        later = self._head_alone(head, early) if head and early else None
        if later and self._device.type == "cpu":
            # All layers take long there. On a GPU they are often done before this would be.
            later()
        model.flip = recipe.test_time_flip
        run.events.phase("training", 0.2, 0.93)
        learner = PictureLearner(
            model,
            self._pixels,
            self._labels,
            self._places,
            recipe,
            self._device,
            group,
            threads=run.machine.threads,
        )
        file = getattr(self._pixels, "filename", None)
        make = functools.partial(
            learner_of,
            name=model.name,
            flip=model.flip,
            pixels=Path(file) if file else Path(),
            labels=self._labels,
            parts=self._places,
        )
        work = Work(
            make=make,
            recipe=recipe,
            machine=run.machine,
            fingerprint=self._fingerprint,
            # What only measures does not choose between the head alone and the network either.
            start=head.figures if head and run.choices is None else None,
        )
        with run.phases.time("training"):
            progress = train_together(run, group, learner, work, later=later)
        run.phases.add("training", -learner.evaluation_seconds)
        run.phases.add("evaluation", learner.evaluation_seconds)
        # As it was measured.
        model.flip = recipe.test_time_flip and progress.best_epoch != 0
        return progress, learner

    def _head_alone(self, head: _Head, early: Callable[[Outcome], None]) -> Callable[[], None]:
        """What gives `early` the head on the network as it came; called again it does nothing."""
        model, side, backbone = copy.deepcopy(self._model).eval(), self._pixels.shape[1], head.graph
        outcome = self._outcome(
            model,
            graph=lambda model: with_head(backbone or backbone_graph(model, side), model.head),
            progress=head.fit.progress,
            probabilities=head.probabilities,
        )
        return functools.cache(lambda: early(outcome))

    def better_of(self, progress: Progress, probabilities: NDArray[np.float32]) -> _Kept:
        """The network, or the head on the network as it came, where training all layers did no better."""
        first, is_head_alone = progress.history[0], progress.best_epoch == 0
        if self._run.choices is not None:
            return _Kept(progress=progress, probabilities=probabilities, is_head_alone=False)
        truth = self._labels[self._places[1]]
        if is_head_alone or first.epoch != 0 or surpasses(self._target, truth, probabilities, first.val_loss):
            return _Kept(progress=progress, probabilities=probabilities, is_head_alone=is_head_alone)
        restore(self._model, self._as_it_came)
        self._model.flip = False
        head = self._fit_head(self._run.events.muted())
        progress.take(first)
        return _Kept(progress=progress, probabilities=head.probabilities, is_head_alone=True)

    def learn_from_all(self, kept: _Kept) -> tuple[int, dict[str, NDArray[np.float32]] | None]:
        """Let a head that is kept alone learn from all pictures; see head.learn_from_all."""
        train_count = len(self._parts[0])
        if not kept.is_head_alone or self._run.choices is not None:
            return train_count, None
        self._run.events.log(
            "Training all layers did no better than training the last layer alone, so that model was kept."
        )
        features, _ = self._features(self._run.events.muted(), in_time=True)
        if len(features) < len(self._pixels):
            return train_count, None
        return learn_from_all(
            self._head_recipe,
            self._model.head,
            torch.from_numpy(features[self._usable.places]),
            self._usable.samples.labels,
            train_count,
            self._run,
        )

    def tell_memory(self) -> None:
        """Say what it took of a GPU."""
        if self._device.type == "cuda":
            held = torch.cuda.max_memory_allocated(self._device) >> 20
            self._run.events.log(f"The training used up to {held} MB of the GPU's memory.")

    def outcome(self, kept: _Kept, learned: tuple[int, dict[str, NDArray[np.float32]] | None]) -> Outcome:
        """What is handed over."""
        model, side = self._model.to("cpu").eval(), self._pixels.shape[1]
        return self._outcome(
            model,
            arguments={"flip": model.flip},
            graph=lambda model: with_head(backbone_graph(model, side), model.head),
            progress=kept.progress,
            probabilities=kept.probabilities,
            choices={HEAD_ALONE: kept.is_head_alone},
            deployed_count=learned[0],
            measured=learned[1],
            evidence=PictureEvidence.of(
                self._material.pictures.descriptors, self._usable, self._parts, self._suspects
            ),
        )

    def _outcome(self, model: PictureClassifier, **more: Any) -> Outcome:
        return Outcome(
            **{
                "recipe": self._recipe,
                "target": self._target,
                "samples": self._usable.samples,
                "parts": self._parts,
                "preprocess": self._material.pictures.preprocess,
                "module": model,
                "state": PictureClassifier.torchvision_state,
                "arguments": {},
                "examples": np.array(self._pixels[self._places[1][:_EXAMPLES]]),
                "skipped": self._usable.skipped,
                "sources": self._usable.sources,
                "refits": self._refits,
                "usable": self._usable.places,
                **more,
            }
        )

    def _fit_head(self, events: Events) -> _Head:
        found, graph = self._features(events)
        features = torch.from_numpy(found)
        unused = Checkpoint(self._run.folder / "checkpoint", "", self._run.events)
        with self._run.phases.time("head"):
            fit = fit_head(
                self._head_recipe,
                self._model.head,
                features,
                self._labels,
                self._places,
                events=events.muted(),
                control=self._run.control,
                checkpoint=unused,
                looks=self._run.choices is None,
            )
        progress = fit.progress
        best = next(figures for figures in progress.history if figures.epoch == progress.best_epoch)
        seconds = sum(figures.seconds for figures in progress.history)
        with torch.no_grad():
            of_validation = features[torch.from_numpy(self._places[1])]
            probabilities = self._target.probabilities(self._model.head(of_validation)).numpy()
        figures = dataclasses.replace(best, epoch=0, seconds=seconds)
        return _Head(fit=fit, figures=figures, probabilities=probabilities, graph=graph)

    def _features(self, events: Events, *, in_time: bool = False) -> tuple[NDArray[np.float32], Any]:
        """What the network as it came gives for all pictures, [N, F], and its graph on CPUs."""
        run, model = self._run, self._model
        with run.phases.time("features"):
            graph = backbone_graph(model, self._pixels.shape[1]) if self._device.type == "cpu" else None
            extract = feature_extractor(model, graph, self._device, run.machine.cores)
        features = self._material.pictures.features(
            self._network.name, extract, run, events=events, in_time=in_time
        )
        model.to("cpu")
        return features, graph


def surpasses(target: Target, truth: NDArray[Any], probabilities: NDArray[np.float32], loss: float) -> bool:
    """Whether probabilities [N, C], once calibrated, tell more of the target's `truth` than others of this log-loss.

    Of a few hundred pictures the luckiest of many epochs gets a few more right than it should; the log-loss weighs
    how sure it was of each (decision 017).
    """
    calibrated = target.tempered(probabilities, target.temperature(truth, probabilities))
    return log_loss(target, truth, calibrated) < loss
