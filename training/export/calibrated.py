"""Folds the temperature that fits the validation part into a model."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.evaluation.calibration import calibration_figures, reliability
from training.evaluation.outcome import Outcome
from training.targets.target import Target


def calibrate(outcome: Outcome) -> tuple[Outcome, dict[str, Any]]:
    """The outcome with scaled probabilities, of the module, too, and the figures for the report.

    Its target decides by what it takes from the validation part, such as thresholds of labels; with one label a sample,
    predictions stay.
    Where scaling would not lower the calibration error, the temperature is 1. The module is another one, which shares
    all that is not scaled.
    """
    before, target = outcome.probabilities, outcome.target
    temperature = target.temperature(outcome.truth, before)
    if not _helps(target, outcome.truth, before, temperature):
        temperature = 1.0
    after = target.tempered(before, temperature)
    figures = calibration_figures(target, outcome.truth, before, after, temperature)
    outcome = replace(outcome, module=scaled(outcome.module, temperature), probabilities=after)
    if target.fitted is not None:
        target, decided = target.fitted(outcome.truth, after, outcome.measured_sources)
        outcome = replace(outcome, target=target, decided=decided)
    return outcome, figures


def scaled(module: Any, temperature: float) -> nn.Module:
    """A copy of `module` with its logits divided by `temperature`; it shares the other layers."""
    own = {id(tensor) for layer in module.last_layers() for tensor in (layer.weight, layer.bias)}
    shared = [*module.parameters(), *module.buffers()]
    twin: Any = copy.deepcopy(module, {id(tensor): tensor for tensor in shared if id(tensor) not in own})
    with torch.no_grad():
        for layer in twin.last_layers():
            layer.weight.div_(temperature)
            layer.bias.div_(temperature)
    found: nn.Module = twin
    return found


def _helps(target: Target, truth: NDArray[Any], before: NDArray[np.float32], temperature: float) -> bool:
    after = target.tempered(before, temperature)
    return reliability(target, truth, after)[0] < reliability(target, truth, before)[0]
