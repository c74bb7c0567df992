"""Runs a training that may diverge: once more at a lower learning rate, then a sentence."""

from collections.abc import Callable
from dataclasses import replace

from training.config import TrainConfig
from training.errors import Diverged, TrainingFailed
from training.events import Events
from training.loop import Progress

_LOWER = 0.1


def with_lower_rate_if_needed(
    train: Callable[[TrainConfig], Progress], config: TrainConfig, events: Events
) -> Progress:
    """Call `train(config)`; if the loss leaves the finite numbers, again with a tenth of the learning rate."""
    try:
        return train(config)
    except Diverged:
        lower = config.learning_rate * _LOWER
        events.warning(
            f"The loss grew without bound at learning rate {config.learning_rate:g}; "
            f"the training was started again at {lower:g}."
        )
    try:
        return train(replace(config, learning_rate=lower))
    except Diverged as error:
        raise TrainingFailed(
            "diverged",
            f"The loss grew without bound, at learning rate {config.learning_rate:g} and at {lower:g}. "
            "Choose a much lower learning rate, or leave it to the preset.",
        ) from error
