"""Averages the weights of a training."""

from typing import Any

import torch
from torch import nn


class Average:
    """An exponential average of the weights (Polyak & Juditsky 1992); buffers follow the module."""

    def __init__(self, module: nn.Module) -> None:
        self._shadow = [parameter.detach().clone() for parameter in module.parameters()]
        # On the device, so that a recorded step counts on.
        self._steps = torch.zeros((), device=self._shadow[0].device)

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move towards the weights of `module`, faster in the beginning."""
        self._steps += 1
        decay = (self._steps / (self._steps + 10)).clamp(max=0.998)
        moves = torch._foreach_sub([p.detach() for p in module.parameters()], self._shadow)
        torch._foreach_mul_(moves, 1 - decay)
        torch._foreach_add_(self._shadow, moves)

    @torch.no_grad()
    def swap(self, module: nn.Module) -> None:
        """Exchange the average and the weights of `module`."""
        for shadow, parameter in zip(self._shadow, module.parameters(), strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(shadow)
            shadow.copy_(kept)

    def state_dict(self) -> dict[str, Any]:
        """The average, to continue from."""
        return {"shadow": self._shadow, "steps": int(self._steps)}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self._steps.fill_(state["steps"])
        for shadow, source in zip(self._shadow, state["shadow"], strict=True):
            shadow.copy_(source)
