"""Script tags of ES modules."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from flashsite.static_modules import imports

register = template.Library()


@register.simple_tag
def module(name: str) -> SafeString:
    """A module and all that it imports, asked for at once instead of one after another."""
    preloads = ((static(imported),) for imported in imports(name))
    links = format_html_join("", '<link rel="modulepreload" href="{}">', preloads)
    return format_html('{}<script type="module" src="{}"></script>', links, static(name))
