"""Larger batches where a GPU would wait for its next one."""

from dataclasses import replace

import torch

from training.ground.recipe import Recipe

# The first of these factors that leaves enough steps.
_LARGER = (4, 2)
# So many steps an epoch must stay: fewer learn less, however large their batches are.
_LEAST_STEPS = 20


def with_gpu_batches(config: Recipe, device: torch.device, count: int) -> Recipe:
    """The configuration for `count` samples to learn from on this device (decision 063).

    On a GPU batches that the preset chose become larger, at a rate that grows by the root, as suits Adam (Granziol et
    al. 2022). What the user set stays.
    """
    if device.type != "cuda" or config.preset is None or config.optimizer == "sgd":
        return config
    usual = config.kind.defaults(config.preset, config.model, config.pretrained)
    chosen = all(getattr(config, name) == usual[name] for name in ("batch_size", "learning_rate"))
    for factor in _LARGER if chosen else ():
        batch = config.batch_size * factor
        if count >= batch * _LEAST_STEPS:
            return replace(config, batch_size=batch, learning_rate=config.learning_rate * factor**0.5)
    return config
