"""Keeps gradients within what float16 can hold."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_FIRST = 2.0**16
_GROWTH, _STEPS_TO_GROW = 2.0, 500
_BACKOFF = 0.5


class LossScale:
    """The factor of a loss whose gradients go through float16 (Micikevicius et al. 2018).

    A step whose gradients overflow is left out and halves the factor; many in a row that do not double it. All of it
    stays on the device, so that no step waits for a figure. `wanted` False makes it do nothing.
    """

    def __init__(self, device: torch.device, *, wanted: bool) -> None:
        self._wanted = wanted
        self._factor = torch.full((), _FIRST, device=device)
        self._good_steps = torch.zeros((), dtype=torch.int32, device=device)

    @property
    def factor(self) -> Tensor | None:
        """What gradients begin with instead of one; None for one."""
        return self._factor if self._wanted else None

    @torch.no_grad()
    def take_back(self, parameters: Sequence[Tensor]) -> Tensor | None:
        """Divide the gradients by the factor; 1.0 if one of them overflowed, else 0.0, [], None where unwanted."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not self._wanted or not gradients:
            return None
        overflowed = torch.zeros_like(self._factor)
        torch._amp_foreach_non_finite_check_and_unscale_(gradients, overflowed, self._factor.reciprocal())
        torch._amp_update_scale_(
            self._factor, self._good_steps, overflowed, _GROWTH, _BACKOFF, _STEPS_TO_GROW
        )
        return overflowed

    def state_dict(self) -> dict[str, Any]:
        """The factor, to continue from."""
        return {"factor": self._factor, "good_steps": self._good_steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self._factor.copy_(state["factor"])
        self._good_steps.copy_(state["good_steps"])
