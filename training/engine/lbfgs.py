"""Minimises a smooth convex function: limited-memory BFGS (Liu & Nocedal 1989) with backtracking."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_ARMIJO = 1e-4
_FIRST_SHARE = 0.125
_MAX_HALVINGS = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Descent:
    """How far and by which steps it goes.

    The last `history` steps tell how the function bends; it has converged when a step lowers the loss by no more than
    the share `tolerance`. `scale` is about the inverse of the second derivative in each direction, where that is known:
    then far fewer steps do (a diagonal preconditioner, Nocedal & Wright 2006, 7.2).
    """

    history: int = 10
    tolerance: float = 1e-7
    scale: Tensor | None = None


class Lbfgs:
    """Minimises `function` (flat vector -> loss, gradient) from `start`; each `step` is one iteration.

    `loss` and `point` are the state after the last step; `converged` says that no step helps any more.
    """

    def __init__(
        self,
        function: Callable[[Tensor], tuple[float, Tensor]],
        start: Tensor,
        descent: Descent = Descent(),
    ) -> None:
        self._function, self._descent = function, descent
        self.point = start.clone()
        self.loss, self._gradient = function(self.point)
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=descent.history)
        self.converged = False

    def step(self) -> None:
        """One iteration: direction, then halve the step until the loss falls enough (Armijo)."""
        direction = self._direction()
        slope = float(torch.dot(self._gradient, direction))
        if slope >= -1e-12 * max(1.0, abs(self.loss)):
            self.converged = True
            return
        length = 1.0 if self._pairs else self._first_length()
        for _ in range(_MAX_HALVINGS):
            point = self.point + length * direction
            loss, gradient = self._function(point)
            if loss <= self.loss + _ARMIJO * length * slope:
                self._accept(point, loss, gradient)
                return
            length /= 2
        self.converged = True

    def _first_length(self) -> float:
        if self._descent.scale is not None:
            # Directions that depend on each other go too far all together.
            return _FIRST_SHARE
        return min(1.0, 1.0 / float(self._gradient.abs().sum() + 1e-12))

    def _accept(self, point: Tensor, loss: float, gradient: Tensor) -> None:
        moved, bent = point - self.point, gradient - self._gradient
        curvature = float(torch.dot(moved, bent))
        if curvature > 1e-12:
            self._pairs.append((moved, bent, curvature))
        self.converged = self.loss - loss < self._descent.tolerance * max(abs(loss), 1e-3)
        self.point, self.loss, self._gradient = point, loss, gradient

    def _direction(self) -> Tensor:
        direction = self._gradient.neg()
        alphas = []
        for moved, bent, curvature in reversed(self._pairs):
            alpha = torch.dot(moved, direction) / curvature
            direction = direction - alpha * bent
            alphas.append(alpha)
        scale = self._descent.scale
        if scale is not None:
            direction = direction * scale
        if self._pairs:
            _, bent, curvature = self._pairs[-1]
            direction = direction * (curvature / torch.dot(bent, bent if scale is None else bent * scale))
        for (moved, bent, curvature), alpha in zip(self._pairs, reversed(alphas), strict=True):
            direction = direction + moved * (alpha - torch.dot(bent, direction) / curvature)
        return direction
