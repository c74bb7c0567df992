"""What the admin's lists share: they stay fast at 100,000 rows, and ask before they do something."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from modelstore.ground.tokens import digest

# Beyond so many rows a list says "more than", and a search looks no further back.
MOST_LISTED = 5_000
MOST_SEARCHED = 10_000
# Those of the first versions had hyphens and underscores, too.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


class CappedPaginator(Paginator):
    """Counts no further than MOST_LISTED: a COUNT(*) with a filter reads every row there is."""

    most = MOST_LISTED

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by()[: MOST_LISTED + 1].count())

    @property
    def is_capped(self) -> bool:
        return self.count > MOST_LISTED


class UtcDateTimeField(forms.DateTimeField):
    """Day and time in one field of the browser's own; the admin's pair of fields has no labels."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")

    def __init__(self, *, label: Any = None, **options: Any) -> None:
        super().__init__(label=f"{label} (UTC)", **options)


class FastAdmin(ModelAdmin):
    """A whole token finds its row by the index of digests; words are looked for in the newest rows."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 25
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        models.DateTimeField: {"form_class": UtcDateTimeField, "widget": UtcDateTimeField.widget}
    }
    search_help_text = f"A whole token, or part of a name in the newest {MOST_SEARCHED:,} rows."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if _TOKEN.fullmatch(term) and hasattr(self.model, "token_digest"):
            found = queryset.filter(token_digest=digest(term))
            if found.exists():
                return found, False
        if term:
            last = self.model._default_manager.aggregate(last=Max("pk"))["last"] or 0
            queryset = queryset.filter(pk__gt=last - MOST_SEARCHED)
        return super().get_search_results(request, queryset, search_term)


def confirmed(question: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates an action: it is done once the question was answered with yes."""

    def decorate(action: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(action)
        def wrapper(self: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
            if request.POST.get("confirmed"):
                return action(self, request, queryset)
            context = {
                **self.admin_site.each_context(request),
                "title": question,
                "opts": self.model._meta,
                "rows": [str(row) for row in queryset[:20]],
                "more": max(0, queryset[: MOST_LISTED + 1].count() - 20),
                "action": request.POST.get("action"),
                "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "across": request.POST.get("select_across", "0"),
                "checkbox": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/confirm_action.html", context)

        return wrapper

    return decorate


def audit(request: HttpRequest, rows: Sequence[Model], message: str) -> None:
    """A row in the admin's log for each, with the operator's name."""
    if rows and request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, change_message=message)
