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
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.errors import Interrupted, TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.recipe import Recipe
from training.ground.run import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What every process needs to know; `make(recipe, machine, device, group)` gives the learner with its data."""

    make: Callable[[Recipe, Machine, torch.device, ProcessGroup], Learner]
    recipe: Recipe
    machine: Machine
    fingerprint: str
    start: EpochFigures | None = None


def train_together(
    run: Run, group: ProcessGroup, learner: Learner, work: Work, later: Callable[[], None] | None = None
) -> Progress:
    """Rank 0: train `learner`, the one that `work.make` makes, with the others; afterwards the group is left.

    `later` is Training's.
    """
    invite(group, run.folder, work)
    checkpoint = Checkpoint(run.folder / "checkpoint", work.fingerprint, run.events)
    progress = _train(learner, work, group, checkpoint, run.events, run.control, later)
    group.leave()
    return progress


def follow(folder: Path, rank: int, size: int, events: Events) -> None:
    """The others: train along until rank 0 has enough. What goes wrong for all is told by rank 0."""
    join(folder, rank, size)
    work: Work = accept()
    group = ProcessGroup(rank, size)
    torch.set_num_threads(threads_of(work.machine, size))
    device = device_of(rank, choose_device(work.machine.device))
    learner = work.make(work.recipe, work.machine, device, group)
    checkpoint = Checkpoint(folder / "checkpoint", work.fingerprint, events)
    try:
        _train(learner, work, group, checkpoint, events, Control())
        group.leave()
    except (Interrupted, TrainingFailed):
        return


def _train(
    learner: Learner,
    work: Work,
    group: ProcessGroup,
    checkpoint: Checkpoint,
    events: Events,
    control: Control,
    later: Callable[[], None] | None = None,
) -> Progress:
    group.copy_state(learner.module)
    beginning = snapshot(learner.module)

    def train(config: Recipe) -> Progress:
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
            start=work.start,
            group=group,
            later=later,
        ).run()

    return with_lower_rate_if_needed(train, work.recipe, events, checkpoint)
