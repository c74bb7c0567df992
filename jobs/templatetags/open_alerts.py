"""The alerts at the head of the admin's first page."""

from typing import Any

from django import template

from jobs.models import Alert

register = template.Library()


@register.inclusion_tag("admin/open_alerts.html")
def open_alerts() -> dict[str, Any]:
    """The five newest that nobody has cleared. One query."""
    return {"alerts": list(Alert.objects.filter(cleared=None)[:5])}
