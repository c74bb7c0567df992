"""Moments: one form for all dates of the pages, which a script turns into the visitor's time zone (moments.js)."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

register = template.Library()


@register.filter
def utc(when: datetime) -> str:
    """30 Nov 2026, 18:12 UTC"""
    return f"{when.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


@register.simple_tag
def moment(when: datetime, form: str) -> SafeString:
    """A moment as `form` says: "at" that date and time, how long "ago", the time "left", on the "clock".

    The exact moment is its title.
    """
    text = {
        "at": lambda: utc(when),
        "ago": lambda: f"{timesince(when)} ago",
        "left": lambda: timeuntil(when),
        "clock": lambda: f"{when.astimezone(UTC):%H:%M:%S}",
    }[form]()
    return format_html(
        '<time datetime="{}" title="{}" data-moment="{}">{}</time>', when.isoformat(), utc(when), form, text
    )
