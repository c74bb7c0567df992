"""The operator's view of the machines: what runs, what it costs, what went wrong."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from jobs.models import Alert, Launch, Server


class _LookOnly(admin.ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Server)
class ServerAdmin(_LookOnly):
    list_display = (
        "name",
        "driver",
        "state",
        "instance_type",
        "heartbeat",
        "launched",
        "price",
        "stop_reason",
    )
    list_filter = ("driver", "state")

    @admin.display(description="price an hour")
    def price(self, server: Server) -> str:
        price = settings.FLASH_EC2_PRICES.get(server.instance_type)
        return "" if price is None else f"{price:.3f}"


@admin.register(Launch)
class LaunchAdmin(_LookOnly):
    list_display = ("token", "offer", "instance_id", "created", "closed")


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):
    list_display = ("kind", "message", "count", "first", "last", "cleared")
    list_filter = ("cleared", "kind")
    readonly_fields = ("kind", "message", "count", "first", "last", "cleared")
    show_full_result_count = False
    actions = ("clear",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Clear the selected alerts")
    def clear(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        count = queryset.filter(cleared=None).update(cleared=timezone.now())
        self.message_user(request, f"{count} alerts cleared.")
