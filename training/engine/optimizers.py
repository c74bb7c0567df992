"""SGD, Adam and AdamW on PyTorch's fused kernels.

`torch.optim` has the same three, but its first step imports the compiler (torch._dynamo), which takes longer than
many a training here; the arithmetic is that of the same kernels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_BETAS = (0.9, 0.999)
_EPS = 1e-8
_MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that learn at `rate_scale` times the rate of the others; `decay` says whether they shrink."""

    parameters: list[torch.nn.Parameter]
    rate_scale: float = 1.0
    decay: bool = True


class Optimizer:
    """One of `sgd` (Nesterov momentum 0.9), `adam`, `adamw` over groups of parameters.

    Weight decay is decoupled for `adamw` (Loshchilov & Hutter 2019) and an L2 term for the others.
    """

    def __init__(self, kind: str, groups: Iterable[Group], weight_decay: float = 0.0) -> None:
        self.kind = kind
        self.weight_decay = weight_decay
        self.groups = [group for group in groups if group.parameters]
        self._state = [self._fresh(group) for group in self.groups]

    def _fresh(self, group: Group) -> dict[str, list[Tensor]]:
        names = ("momentum",) if self.kind == "sgd" else ("mean", "square")
        state = {name: [torch.zeros_like(p) for p in group.parameters] for name in names}
        if self.kind != "sgd":
            state["step"] = [torch.zeros((), device=p.device) for p in group.parameters]
        return state

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """All parameters of all groups."""
        return [parameter for group in self.groups for parameter in group.parameters]

    @torch.no_grad()
    def step(self, rate: float | Tensor, overflowed: Tensor | None = None) -> None:
        """One update at learning rate `rate` from the gradients at hand, unless `overflowed` is 1; they are cleared.

        A rate that is a tensor [] of the device may change between the replays of a recorded step.
        """
        for group, state in zip(self.groups, self._state, strict=True):
            gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in group.parameters]
            decay = self.weight_decay if group.decay else 0.0
            self._update(list(group.parameters), gradients, state, rate * group.rate_scale, decay, overflowed)
            for parameter in group.parameters:
                parameter.grad = None

    def _update(
        self,
        parameters: list[Any],
        gradients: list[Tensor],
        state: dict[str, list[Tensor]],
        rate: float | Tensor,
        decay: float,
        overflowed: Tensor | None,
    ) -> None:
        if self.kind == "sgd":
            torch._fused_sgd_(
                parameters,
                gradients,
                state["momentum"],
                weight_decay=decay,
                momentum=_MOMENTUM,
                lr=rate,
                dampening=0.0,
                nesterov=True,
                maximize=False,
                is_first_step=False,
                found_inf=overflowed,
            )
            return
        torch._foreach_add_(state["step"], 1 if overflowed is None else 1 - overflowed)
        fused = torch._fused_adamw_ if self.kind == "adamw" else torch._fused_adam_
        fused(
            parameters,
            gradients,
            state["mean"],
            state["square"],
            [],
            state["step"],
            lr=rate,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            weight_decay=decay,
            eps=_EPS,
            amsgrad=False,
            maximize=False,
            found_inf=overflowed,
        )

    def clip(self, norm: float) -> None:
        """Scale all gradients down so that their common norm is at most `norm` (Pascanu et al. 2013)."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if not gradients:
            return
        total = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        torch._foreach_mul_(gradients, (norm / (total + 1e-6)).clamp(max=1.0))

    def state_dict(self) -> list[dict[str, list[Tensor]]]:
        """The moments, to continue from."""
        return self._state

    @torch.no_grad()
    def load_state_dict(self, state: list[dict[str, list[Tensor]]]) -> None:
        """Continue from the moments that `state_dict` gave."""
        for own, loaded in zip(self._state, state, strict=True):
            for name, tensors in own.items():
                for tensor, source in zip(tensors, loaded[name], strict=True):
                    tensor.copy_(source)
