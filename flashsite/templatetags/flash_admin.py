"""The first page of the admin."""

from typing import Any

from django import template

from flashsite.monitoring.operations import operations

register = template.Library()


@register.inclusion_tag("admin/operations.html", takes_context=True)
def flash_operations(context: dict[str, Any]) -> dict[str, Any]:
    """What goes on, for those who may look at jobs; nothing for others."""
    user = context["request"].user
    if not user.has_perm("jobs.view_job"):
        return {"allowed": False}
    return {"allowed": True, "may_switch": user.has_perm("jobs.change_platformstatus"), **operations()}
