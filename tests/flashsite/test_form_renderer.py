"""The widgets come out as Django's own templates write them."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe

from flashsite.form_renderer import WidgetRenderer

_TRICKY = '<b> & "quotes" \''
_CASES: list[tuple[forms.Widget, Any]] = [
    (forms.TextInput(), None),
    (
        forms.TextInput(attrs={"required": True, "disabled": False, "maxlength": 10, "title": _TRICKY}),
        _TRICKY,
    ),
    (forms.TextInput(attrs={"data-none": None}), ""),
    (forms.NumberInput(attrs={"step": "any"}), 12345.5),
    (forms.NumberInput(), 0),
    (forms.HiddenInput(), mark_safe("<safe>")),
    (forms.PasswordInput(), "never shown"),
    (forms.EmailInput(), "a@b.example"),
    (forms.URLInput(), "https://flash.example/?a=1&b=2"),
    (forms.FileInput(), None),
    (forms.DateInput(), "2026-01-02"),
    (forms.CheckboxInput(), True),
    (forms.CheckboxInput(), False),
    (forms.CheckboxInput(attrs={"id": "x"}), "yes"),
    (forms.Textarea(), _TRICKY),
    (forms.Textarea(), None),
    (forms.Textarea(), 12345),
    (forms.Select(choices=[]), None),
    (forms.Select(choices=[("", "As found"), ("a", _TRICKY), (3, 1234567), (None, "none")]), "a"),
    (forms.Select(choices=[("", "-"), ("Group & more", [("b", "B"), ("c", "C")]), ("d", "D")]), "c"),
    (forms.SelectMultiple(choices=[("a", "A"), ("b", "B")]), ["a", "b"]),
    (forms.NullBooleanSelect(), True),
    (forms.RadioSelect(choices=[("a", "A")]), "a"),
    (forms.SplitDateTimeWidget(), None),
]


@pytest.mark.parametrize(("widget", "value"), _CASES)
def test_widgets_come_out_as_from_djangos_templates(widget: forms.Widget, value: Any) -> None:
    ours = widget.render("field[0]", value, renderer=WidgetRenderer())
    theirs = widget.render("field[0]", value, renderer=DjangoTemplates())
    assert _plain(ours) == _plain(theirs)


def test_all_forms_use_it() -> None:
    assert isinstance(get_default_renderer(), WidgetRenderer)


def _plain(html: str) -> str:
    """Without the spaces between tags, which mean nothing."""
    return "".join(line.strip() for line in html.splitlines())
