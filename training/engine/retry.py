"""Runs a training that may diverge: once more at a lower learning rate, then a sentence."""

from collections.abc import Callable
from dataclasses import replace

from training.engine.checkpoint import Checkpoint
from training.engine.progress import Progress
from training.ground.errors import Diverged, TrainingFailed
from training.ground.events import Events
from training.ground.recipe import Recipe
from training.ground.wire_values import plain

_LOWER = 0.1


def with_lower_rate_if_needed(
    train: Callable[[Recipe], Progress],
    config: Recipe,
    events: Events,
    checkpoint: Checkpoint | None = None,
) -> Progress:
    """Call `train(config)`; if the loss leaves the finite numbers, again with a tenth of the learning rate.

    When `checkpoint` is of such a second try already, that one is continued.
    """
    lower = config.learning_rate * _LOWER
    saved = checkpoint.load() if checkpoint is not None else None
    if saved is None or saved.get("learning_rate") != lower:
        try:
            return train(config)
        except Diverged:
            pass
    events.warning(
        f"The loss diverged at learning rate {plain(config.learning_rate)}; "
        f"the training was started again at {plain(lower)}."
    )
    try:
        return train(replace(config, learning_rate=lower))
    except Diverged as error:
        raise TrainingFailed(
            "diverged",
            f"The loss diverged, at learning rate {plain(config.learning_rate)} and at {plain(lower)}. "
            "Choose a much lower learning rate, or leave it to the preset.",
        ) from error
