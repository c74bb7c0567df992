"""Curves drawn on the server as SVG: no script, no style attributes, readable without colours."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from training.score import SCORES, capitalised

register = template.Library()

WIDTH, HEIGHT = 440, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 10, 28
_MOST_DOTS = 30
_LOSS = "loss"


@register.inclusion_tag("parts/chart.html")
def chart(
    epochs: Sequence[Mapping[str, Any]], what: str, best_epoch: int | None = None, best_word: str = "kept"
) -> dict[str, Any]:
    """Training and validation `what` ("loss" or the name of a score) over the epochs; `best_epoch` is marked.

    `epochs`: mappings with `epoch`, `train_<what>`, `val_<what>`; missing figures leave a gap.
    """
    series = {kind: _points(epochs, f"{kind}_{what}") for kind in ("train", "val")}
    values = [value for points in series.values() for _, value in points]
    low, high, step = _scale(values, what)
    first = min((int(row["epoch"]) for row in epochs), default=1)
    last = max((int(row["epoch"]) for row in epochs), default=1)
    plot = _Plot(first, max(last, first + 1), low, high)
    return {
        "title": capitalised(_word(what)),
        "describe": _describe(series, what),
        "width": WIDTH,
        "height": HEIGHT,
        "left": _LEFT,
        "right": WIDTH - _RIGHT,
        "bottom": HEIGHT - _BOTTOM,
        "lines": [
            {"kind": kind, "d": plot.path(points)} for kind, points in series.items() if len(points) > 1
        ],
        "dots": [
            {"kind": kind, **plot.at(*point)}
            for kind, points in series.items()
            if len(points) <= _MOST_DOTS
            for point in points
        ],
        "best_word": best_word,
        "best": next((plot.at(*point) for point in series["val"] if point[0] == best_epoch), None),
        "rows": [{"y": plot.y(tick), "label": _label(tick, what, step)} for tick in _ticks(low, high, step)],
        "columns": [{"x": plot.x(epoch), "label": epoch} for epoch in _epochs_shown(first, last)],
        "has_values": bool(values),
    }


class _Plot:
    """From figures to pixels."""

    def __init__(self, first: int, last: int, low: float, high: float) -> None:
        self._first, self._span, self._low, self._range = first, last - first, low, high - low

    def x(self, epoch: float) -> float:
        return round(_LEFT + (epoch - self._first) / self._span * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - (value - self._low) / self._range * (HEIGHT - _TOP - _BOTTOM), 1)

    def at(self, epoch: float, value: float) -> dict[str, float]:
        return {"x": self.x(epoch), "y": self.y(value)}

    def path(self, points: Sequence[tuple[int, float]]) -> str:
        return "M" + "L".join(f"{self.x(epoch)} {self.y(value)}" for epoch, value in points)


def _points(epochs: Sequence[Mapping[str, Any]], name: str) -> list[tuple[int, float]]:
    found = [(int(row["epoch"]), row.get(name)) for row in epochs]
    return [
        (epoch, float(value))
        for epoch, value in found
        if isinstance(value, int | float) and math.isfinite(value)
    ]


def _scale(values: Sequence[float], what: str) -> tuple[float, float, float]:
    """Lowest and highest value of the axis, and the step between its lines: 1, 2 or 5 times a power of ten."""
    if not values:
        return 0.0, 1.0, 0.25
    low = 0.0 if what == _LOSS else min(values)
    high = max(*values, 1e-6) if what == _LOSS else 1.0
    rough = max(high - low, 1e-6 if what == _LOSS else 0.02) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    top = math.ceil(high / step - 1e-9) * step
    # A curve that lies flat on the top line still needs room below it.
    return max(min(math.floor(low / step + 1e-9) * step, top - 2 * step), 0.0), top, step


def _word(what: str) -> str:
    return what if what == _LOSS else SCORES[what].word


def _is_percentage(what: str) -> bool:
    return what != _LOSS and SCORES[what].percentage


def _ticks(low: float, high: float, step: float) -> list[float]:
    return [low + index * step for index in range(round((high - low) / step) + 1)]


def _label(value: float, what: str, step: float) -> str:
    if _is_percentage(what):
        return f"{100 * value:.{0 if step >= 0.01 else 1}f} %"
    return f"{value:.{max(0, -math.floor(math.log10(step)))}f}"


def _epochs_shown(first: int, last: int) -> list[int]:
    every = max(1, math.ceil((last - first) / 7))
    return [epoch for epoch in range(first, last + 1) if (epoch - first) % every == 0]


def _describe(series: Mapping[str, Sequence[tuple[int, float]]], what: str) -> str:
    points = series["val"] or series["train"]
    if not points:
        return "No figures yet."
    name = "validation" if series["val"] else "training"
    shown = [
        f"{100 * value:.1f} %" if _is_percentage(what) else f"{value:.3g}"
        for _, value in (points[0], points[-1])
    ]
    return f"From epoch {points[0][0]} to {points[-1][0]}, {name} {_word(what)} went from {shown[0]} to {shown[1]}."
