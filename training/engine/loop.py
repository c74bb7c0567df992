"""The training loop: it knows neither pictures nor text, only a learner that gives batches and losses."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict
from functools import partial
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
from training.engine.step_graphs import StepGraphs
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import Diverged, Interrupted, TrainingFailed
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.targets.target import Target

_MAX_LOSS = 1e4
# Reading a figure from a GPU waits for all of its work, so several steps are read at once.
_STEPS_UNREAD = 20
_LATER_SECONDS = 5.0


class Learner(Protocol):
    """A module with its data."""

    module: nn.Module
    config: Recipe
    target: Target

    @property
    def validation_count(self) -> int:
        """How many samples `evaluate` looks at."""

    def groups(self) -> list[Group]:
        """The parameters to train."""

    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, in an order that depends on seed and epoch alone."""

    def inputs(self, batch: Any) -> tuple[Sequence[Tensor], Hashable]:
        """What `backward` needs of a batch, on the device.

        The second says what else its work depends on: with the same and with inputs of the same shapes it does the
        same.
        """

    def backward(self, inputs: Sequence[Tensor], scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give the parameters the gradients of the mean loss, times `scale` [] if there is one.

        Gives that loss [] (without the factor) and how many answers are right []. It must not wait for a GPU.
        """

    def evaluate(self) -> tuple[float, float]:
        """Mean loss over the validation samples and their value of the target's score."""


class Training:
    """One training of `learner` as `config` says; afterwards its module holds the weights of `Progress.best_epoch`.

    `later` is called once, between two steps, if the training takes more than a few seconds.
    """

    def __init__(
        self,
        learner: Learner,
        config: Recipe,
        *,
        events: Events,
        control: Control,
        checkpoint: Checkpoint,
        start: EpochFigures | None = None,
        group: ProcessGroup | None = None,
        later: Callable[[], None] | None = None,
    ) -> None:
        self.learner, self.config = learner, config
        self.group = group or ProcessGroup()
        self.events, self.control, self.checkpoint = events, control, checkpoint
        self.optimizer = Optimizer(config.optimizer, learner.groups(), config.weight_decay)
        device = self.optimizer.parameters[0].device
        self.scale = LossScale(device, wanted=half_precision(device) is torch.float16)
        self.schedule = Schedule(config)
        self.progress = Progress(score=learner.target.score)
        self._later, self._later_at = later, time.monotonic() + _LATER_SECONDS
        on_gpu = device.type == "cuda"
        # Summed loss, right answers and samples since they were last read.
        self._sums = torch.zeros(3, dtype=torch.float64, device=device)
        self._unread, self._unread_at_most = 0, _STEPS_UNREAD if on_gpu else 1
        self._rate: Tensor | float = torch.zeros((), device=device) if on_gpu else 0.0
        self._graphs = StepGraphs() if on_gpu and self.group.size == 1 else None
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
                f"{self.control.why_over} before the first epoch was finished. Use preset Quick, a smaller model, "
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
        rate = self.schedule.rate(progress.epoch - 1 + progress.step / steps)
        if isinstance(self._rate, Tensor):
            self._rate.fill_(rate)
        else:
            self._rate = rate
        count = len(batch)
        # The last batch may have nothing for this process.
        inputs, kind = self.learner.inputs(batch) if count else ((), None)
        work = partial(self._learn, count)
        if self._graphs is None:
            work(inputs)
        else:
            self._graphs.run((count, kind), inputs, work)
        self._unread += 1
        if self._unread >= self._unread_at_most:
            self._read_figures()
        progress.step += 1
        if self._later is not None and time.monotonic() > self._later_at:
            later, self._later = self._later, None
            later()
        self.events.progress((progress.epoch - 1 + progress.step / steps) / self.config.epochs)

    def _learn(self, count: int, inputs: Sequence[Tensor]) -> None:
        """One step from a batch of `count`; on a GPU nothing here waits for it, so that it can be replayed."""
        if count:
            loss, correct = self.learner.backward(inputs, self.scale.factor)
            # Not a number from here on, for all processes.
            lost = torch.where(loss.abs() < _MAX_LOSS, loss * count, torch.nan)
            self._sums += torch.stack(
                [lost.double(), correct.double(), torch.full_like(lost, count).double()]
            )
        self.group.sum_gradients(self.optimizer.parameters, count)
        overflowed = self.scale.take_back(self.optimizer.parameters)
        self.optimizer.clip(self.config.clip_norm)
        self.optimizer.step(self._rate, overflowed)
        if self.average is not None:
            self.average.update(self.learner.module)

    def _read_figures(self) -> None:
        """Add up what the steps found; raises Diverged."""
        lost, right, seen = self.group.total(*self._sums.tolist())
        self._sums.zero_()
        self._unread = 0
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
        self.events.went_on(self.progress.history)
        self.events.log(f"Continued from the checkpoint in epoch {self.progress.epoch}.")


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    """A copy of the module's state in main memory."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in module.state_dict().items()}


def restore(module: nn.Module, state: dict[str, Tensor]) -> None:
    """Put a `snapshot` back."""
    module.load_state_dict(state)
