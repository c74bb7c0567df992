"""On a model's page: the version of its data that it learnt from."""

from typing import Any

from django import template

from jobs.datasets.versions import learning
from modelstore.models import TrainedModel

register = template.Library()


@register.inclusion_tag("versions/learnt.html")
def learnt_version(model: TrainedModel) -> dict[str, Any]:
    """A line with a link; nothing where no versions are kept. One query."""
    found = learning.learnt_from(model)
    return {"version": found[0], "token": found[1]} if found else {}
