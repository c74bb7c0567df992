"""The training loop: it knows neither pictures nor text, only a learner that gives batches and losses."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.engine.average import Average
from training.engine.checkpoint import Checkpoint, random_state, restore_random_state
from training.engine.device import half_precision
from training.engine.loss_scale import LossScale
from training.engine.optimizers import Group, Optimizer
from training.engine.process_group import ProcessGroup
from training.engine.progress import Progress
from training.engine.schedule import Schedule
from training.ground.config import TrainConfig
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import Diverged, Interrupted, TrainingFailed
from training.ground.events import Events
from training.targets.target import Target

_MAX_LOSS = 1e4
# Reading a figure from a GPU waits for all of its work, so several steps are read at once.
_STEPS_UNREAD = 20


class Learner(Protocol):
    """A module with its data."""

    module: nn.Module
    config: TrainConfig
    target: Target

    @property
    def validation_count(self) -> int:
        """How many samples `evaluate` looks at."""

    def groups(self) -> list[Group]:
        """The parameters to train."""

    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, in an order that depends on seed and epoch alone."""

    def backward(self, batch: Any, scale: Tensor | None = None) -> tuple[Tensor, Tensor, int]:
        """Give the parameters the gradients of the mean loss, times `scale` [] if there is one.

        Gives that loss (without the factor), how many answers are right, and of how many.
        """

    def evaluate(self) -> tuple[float, float]:
        """Mean loss over the validation samples and their value of the target's score."""


class Training:
    """One training of `learner` as `config` says; afterwards its module holds the weights of `Progress.best_epoch`."""

    def __init__(
        self,
        learner: Learner,
        config: TrainConfig,
        *,
        events: Events,
        control: Control,
        checkpoint: Checkpoint,
        start: EpochFigures | None = None,
        group: ProcessGroup | None = None,
    ) -> None:
        self.learner, self.config = learner, config
        self.group = group or ProcessGroup()
        self.events, self.control, self.checkpoint = events, control, checkpoint
        self.optimizer = Optimizer(config.optimizer, learner.groups(), config.weight_decay)
        device = self.optimizer.parameters[0].device
        self.scale = LossScale(device, wanted=half_precision(device) is torch.float16)
        self.schedule = Schedule(config)
        self.progress = Progress(score=learner.target.score)
        self._unread: list[tuple[Tensor | float, Tensor | int, int]] = []
        self._unread_at_most = _STEPS_UNREAD if device.type == "cuda" else 1
        self.average = Average(learner.module) if config.weight_averaging else None
        self.best = snapshot(learner.module)
        if start is not None:
            self._note(start)

    def run(self) -> Progress:
        """Train to the end, the deadline or an early stop.

        Raises Interrupted (state saved), Diverged, or TrainingFailed when time ran out before the first epoch.
        """
        self._resume()
        while self.progress.epoch <= self.config.epochs and not self._stops_early():
            if not self._epoch():
                break
        if not self.progress.history:
            raise TrainingFailed(
                "deadline_exceeded",
                f"{self.control.why_over} before the first epoch was. Use preset Quick, a smaller model, "
                "fewer samples, or ask the operator for more time.",
            )
        self._choose_epoch()
        return self.progress

    def _choose_epoch(self) -> None:
        """Leave the best epoch's weights, or the last one's where a cosine came to its end and did about as well.

        Among epochs that differ by less than chance the best one is the luckiest: its figure promises too much. What no
        epoch surpassed is no epoch's luck: the start stays (decision 017).
        """
        progress, last = self.progress, self.progress.history[-1]
        ended = self.config.schedule == "cosine" and last.epoch == self.config.epochs
        worse = progress.is_clearly_worse(last, self.learner.target, self.learner.validation_count)
        if not ended or not progress.best_epoch or worse:
            restore(self.learner.module, self.best)
            return
        if self.average is not None:
            self.average.swap(self.learner.module)
        progress.take(last)

    def _epoch(self) -> bool:
        progress = self.progress
        started = time.monotonic() - progress.seconds
        self.learner.module.train()
        batches = self.learner.batches(progress.epoch)
        while progress.step < len(batches):
            interrupted, out_of_time = self._asked()
            if interrupted:
                progress.seconds = time.monotonic() - started
                self._save(force=True)
                raise Interrupted
            if out_of_time:
                self.events.warning(
                    f"{self.control.why_over} during epoch {progress.epoch}; the best epoch so far was kept."
                )
                return False
            self._step(batches[progress.step], len(batches))
        self._finish_epoch(started)
        return True

    def _asked(self) -> tuple[float, ...]:
        """Whether to stop at once and to go on later; whether to end here."""
        return self.group.first_says(self.control.interrupted, self.control.out_of_time)

    def _step(self, batch: Any, steps: int) -> None:
        progress = self.progress
        count = len(batch)
        if count:
            loss, correct, count = self.learner.backward(batch, self.scale.factor)
            self._unread.append((loss, correct, count))
        else:
            # The last batch had nothing for this process.
            self._unread.append((0.0, 0, 0))
        if len(self._unread) >= self._unread_at_most:
            self._read_figures()
        self.group.sum_gradients(self.optimizer.parameters, count)
        overflowed = self.scale.take_back(self.optimizer.parameters)
        self.optimizer.clip(self.config.clip_norm)
        self.optimizer.step(self.schedule.rate(progress.epoch - 1 + progress.step / steps), overflowed)
        if self.average is not None:
            self.average.update(self.learner.module)
        progress.step += 1
        self.events.progress((progress.epoch - 1 + progress.step / steps) / self.config.epochs)

    def _read_figures(self) -> None:
        """Add up what the steps found; raises Diverged."""
        lost = right = seen = 0.0
        for loss, correct, count in self._unread:
            value = float(loss)
            # Not a number from here on, for all processes.
            lost += value * count if abs(value) < _MAX_LOSS else float("nan")
            right += int(correct)
            seen += count
        self._unread.clear()
        lost, right, seen = self.group.total(lost, right, seen)
        if lost != lost:
            raise Diverged
        self.progress.loss += lost
        self.progress.correct += int(right)
        self.progress.seen += int(seen)

    def _finish_epoch(self, started: float) -> None:
        progress = self.progress
        self._read_figures()
        self.group.copy_buffers(self.learner.module)
        rate = self.schedule.rate(progress.epoch - 1e-3)
        if self.average is not None:
            self.average.swap(self.learner.module)
        val_loss, val_score = self.group.first_says(*self.learner.evaluate())
        figures = EpochFigures(
            epoch=progress.epoch,
            train_loss=progress.loss / max(progress.seen, 1),
            train_accuracy=progress.correct / max(progress.seen, 1),
            val_loss=val_loss,
            val_score=val_score,
            learning_rate=rate,
            seconds=time.monotonic() - started,
            score=progress.score,
        )
        self._note(figures)
        if self.average is not None:
            self.average.swap(self.learner.module)
        self.schedule.after_epoch(val_loss)
        progress.epoch += 1
        progress.step = progress.correct = progress.seen = 0
        progress.loss = progress.seconds = 0.0
        interrupted, _ = self._asked()
        self._save(force=bool(interrupted))
        if interrupted:
            raise Interrupted

    def _note(self, figures: EpochFigures) -> None:
        if figures.val_loss != figures.val_loss:
            raise Diverged
        self.progress.history.append(figures)
        if self.progress.is_better(figures.val_score, figures.val_loss):
            self.progress.take(figures)
            self.best = snapshot(self.learner.module)
        self.events.epoch(figures, self.config.epochs)

    def _stops_early(self) -> bool:
        patience = self.config.early_stopping
        if patience is None or self.progress.epoch - 1 - self.progress.best_epoch < patience:
            return False
        self.events.log(f"Stopped early: no better epoch for {patience} epochs.")
        return True

    def _save(self, *, force: bool) -> None:
        self._read_figures()
        self.group.copy_buffers(self.learner.module)
        random = self.group.gather(random_state())
        if self.group.rank:
            return
        state = {
            "learning_rate": self.config.learning_rate,
            "progress": asdict(self.progress),
            "module": self.learner.module.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scale": self.scale.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "random": random,
        }
        self.checkpoint.save(state, force=force)

    def _resume(self) -> None:
        state = self.checkpoint.load()
        if state is None or state["learning_rate"] != self.config.learning_rate:
            # What was learned at a rate that was too high is not what another rate starts from.
            return
        self.progress = Progress.from_state(state["progress"])
        self.learner.module.load_state_dict(state["module"])
        self.best = state["best"]
        self.optimizer.load_state_dict(state["optimizer"])
        if "scale" in state:  # not in a checkpoint of an earlier version
            self.scale.load_state_dict(state["scale"])
        self.schedule.load_state_dict(state["schedule"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        if len(state["random"]) == self.group.size:
            restore_random_state(state["random"][self.group.rank])
        self.events.log(f"Continued from the checkpoint in epoch {self.progress.epoch}.")


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    """A copy of the module's state in main memory."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in module.state_dict().items()}


def restore(module: nn.Module, state: dict[str, Tensor]) -> None:
    """Put a `snapshot` back."""
    module.load_state_dict(state)
