"""Trains a network in as many processes as there are GPUs: what rank 0 says, and what the others do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from training.engine.checkpoint import Checkpoint
from training.engine.device import choose_device, make_repeatable
from training.engine.loop import Learner, Training, restore, snapshot
from training.engine.process_group import ProcessGroup, accept, device_of, invite, join, threads_of
from training.engine.progress import Progress
from training.engine.retry import with_lower_rate_if_needed
from training.ground.config import TrainConfig
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import Interrupted, TrainingFailed
from training.ground.events import Events
from training.ground.run import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What every process needs to know; `make(config, device, group)` gives the learner with its data."""

    make: Callable[[TrainConfig, torch.device, ProcessGroup], Learner]
    config: TrainConfig
    fingerprint: str
    start: EpochFigures | None = None


def train_together(run: Run, group: ProcessGroup, learner: Learner, task: Task) -> Progress:
    """Rank 0: train `learner`, the one that `task.make` makes, with the others; afterwards the group is left."""
    invite(group, run.folder, task)
    checkpoint = Checkpoint(run.folder / "checkpoint", task.fingerprint, run.events)
    progress = _train(learner, task, group, checkpoint, run.events, run.control)
    group.leave()
    return progress


def follow(folder: Path, rank: int, size: int, events: Events) -> None:
    """The others: train along until rank 0 has enough. What goes wrong for all is told by rank 0."""
    join(folder, rank, size)
    task: Task = accept()
    group = ProcessGroup(rank, size)
    torch.set_num_threads(threads_of(task.config, size))
    learner = task.make(task.config, device_of(rank, choose_device(task.config.device)), group)
    checkpoint = Checkpoint(folder / "checkpoint", task.fingerprint, events)
    try:
        _train(learner, task, group, checkpoint, events, Control())
        group.leave()
    except (Interrupted, TrainingFailed):
        return


def _train(
    learner: Learner,
    task: Task,
    group: ProcessGroup,
    checkpoint: Checkpoint,
    events: Events,
    control: Control,
) -> Progress:
    group.copy_state(learner.module)
    beginning = snapshot(learner.module)

    def train(config: TrainConfig) -> Progress:
        restore(learner.module, beginning)
        learner.config = config
        # The same random numbers in every attempt, others in every process.
        make_repeatable(config.seed + group.rank)
        return Training(
            learner,
            config,
            events=events,
            control=control,
            checkpoint=checkpoint,
            start=task.start,
            group=group,
        ).run()

    return with_lower_rate_if_needed(train, task.config, events, checkpoint)
