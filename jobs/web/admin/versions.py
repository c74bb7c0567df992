"""The operator's view of datasets of which versions are kept: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from jobs.models import VersionedDataset
from modelstore.ground.admin_tools import FastAdmin

_MOST_SHOWN = 50


@admin.register(VersionedDataset)
class VersionedDatasetAdmin(FastAdmin):
    """Their owners have the token; operators see how much there is and what happened."""

    list_display = ("name", "task_type", "head", "sample_numbers", "created", "touched")
    list_filter = ("task_type", "created")
    search_fields = ("name",)
    ordering = ("-created",)
    fields = readonly_fields = (
        "name", "task_type", "head", "sample_numbers", "created", "touched", "newest_versions",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="newest versions")
    def newest_versions(self, dataset: VersionedDataset) -> SafeString:
        """Not an inline: a form for each takes long."""
        rows = dataset.versions.only(
            "dataset", "number", "name", "kind", "sample_count", "created", "author", "pinned"
        )[:_MOST_SHOWN]
        line = "<div>{} {} · {} · {} samples · {} {}{}</div>"
        return format_html_join(
            "",
            line,
            (
                (
                    row.number,
                    row.name,
                    row.get_kind_display(),
                    row.sample_count,
                    f"{row.created:%Y-%m-%d %H:%M}",
                    row.author,
                    ", pinned" if row.pinned else "",
                )
                for row in rows
            ),
        )
