"""Times and shares of what was found in a whole file."""

from collections.abc import Mapping, Sequence

from django import template

from jobs.batches import clock as clocks

register = template.Library()


@register.filter
def clock(seconds: float) -> str:
    """3725 as 1:02:05."""
    return clocks.clock(seconds)


@register.filter
def less_float(left: float, right: float) -> float:
    """left - right"""
    return left - right


@register.filter
def of(shares: Mapping[str, float], label: str) -> float:
    """The share of a label, 0 for one that is not there."""
    return shares.get(label, 0.0)


@register.filter
def heat(share: float) -> int:
    """The shade of a cell, 0 to 9, as in the confusion matrix."""
    return min(9, int(share * 10)) if share else 0


@register.filter
def spans_words(spans: Sequence[Sequence[float]]) -> str:
    """When a label is seen, for those who hear the page: the first few spans."""
    words = [f"{clocks.clock(start)} to {clocks.clock(end)}" for start, end in spans[:12]]
    return ", ".join(words) + (f" and {len(spans) - 12} times more" if len(spans) > 12 else "")
