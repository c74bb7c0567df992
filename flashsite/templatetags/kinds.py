"""Kinds of tasks, and words for their samples."""

from django import template

from training.ground.limits import Limits
from training.kinds import KINDS, Kind

register = template.Library()


@register.simple_tag
def kinds() -> list[Kind]:
    """All that there are."""
    return list(KINDS.values())


@register.filter
def samples(kind: Kind, count: int) -> str:
    """The word for `count` samples."""
    return kind.words.sample if count == 1 else kind.words.samples


@register.filter
def units(kind: Kind, count: int) -> str:
    """The word for `count` of what an upload is made of."""
    return kind.words.unit if count == 1 else kind.words.units


@register.filter
def per_request(kind: Kind, limits: Limits) -> int:
    """How many can be predicted at once."""
    found: int = getattr(limits, kind.per_request_limit)
    return found
