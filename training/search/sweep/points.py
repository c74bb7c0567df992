"""Which hyperparameters a sweep tries: those of the recipe itself, then points spread evenly over what may change."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from training.ground.recipe import Recipe
from training.kinds import Axis


def points(recipe: Recipe, count: int, axes: Sequence[Axis] | None = None) -> list[dict[str, Any]]:
    """The fields that each of `count` trials changes of `recipe`; the first changes nothing.

    The others are points of a Sobol sequence (Sobol 1967), scrambled by the recipe's seed (Owen 1998): of so few,
    each axis is covered better than by chance. All of them are known at once, since all begin before one has ended.
    """
    import torch

    axes = recipe.kind.axes(recipe.to_json()) if axes is None else axes
    if not axes:
        return [{}]
    engine = torch.quasirandom.SobolEngine(len(axes), scramble=True, seed=recipe.seed)  # type: ignore[no-untyped-call]
    places = engine.draw(max(1, 2 ** math.ceil(math.log2(max(count, 1))))).tolist()[: count - 1]
    return [
        {},
        *({axis.name: axis.at(place) for axis, place in zip(axes, row, strict=True)} for row in places),
    ]


def changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe of a trial: it is trained by the loop, epoch by epoch, and no rule of its own stops it."""
    return dataclasses.replace(recipe, solver="gradient", early_stopping=None, **values)
