"""Writes the widgets of forms: Django renders a template for each and two for each option, half of some pages' time."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.formats import localize
from django.utils.html import conditional_escape

_FOLDER = "django/forms/widgets/"
_INPUTS = [
    "checkbox",
    "date",
    "email",
    "file",
    "hidden",
    "number",
    "password",
    "search",
    "tel",
    "text",
    "url",
]
_Widget = Mapping[str, Any]


class WidgetRenderer(DjangoTemplates):
    """Django's own renderer, but for the plainest widgets, which come out the same."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """See django.forms.renderers.BaseRenderer."""
        write = _WRITERS.get(template_name)
        return super().render(template_name, context, request) if write is None else write(context["widget"])


def _input(widget: _Widget) -> str:
    value = "" if widget["value"] is None else f' value="{_escaped(widget["value"])}"'
    return f'<input type="{_escaped(widget["type"])}" name="{_escaped(widget["name"])}"{value}{_attributes(widget)}>'


def _textarea(widget: _Widget) -> str:
    text = conditional_escape(localize(widget["value"])) if widget["value"] else ""
    return f'<textarea name="{_escaped(widget["name"])}"{_attributes(widget)}>\n{text}</textarea>'


def _select(widget: _Widget) -> str:
    groups = "".join(_group(name, options) for name, options, _ in widget["optgroups"])
    return f'<select name="{_escaped(widget["name"])}"{_attributes(widget)}>{groups}\n</select>'


def _group(name: Any, options: list[_Widget]) -> str:
    written = "".join(
        f'\n  <option value="{_escaped(option["value"])}"{_attributes(option)}>'
        f"{conditional_escape(localize(option['label']))}</option>"
        for option in options
    )
    return f'\n  <optgroup label="{conditional_escape(name)}">{written}\n  </optgroup>' if name else written


def _attributes(widget: _Widget) -> str:
    return "".join(
        f" {conditional_escape(name)}" + ("" if value is True else f'="{_escaped(value)}"')
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _escaped(value: Any) -> str:
    return conditional_escape(str(value))


_WRITERS: dict[str, Callable[[_Widget], str]] = {
    **{f"{_FOLDER}{name}.html": _input for name in _INPUTS},
    f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select,
}
