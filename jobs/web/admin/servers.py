"""The operator's view of the machines: what runs, what it costs, what limits it, what went wrong."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from jobs.compute.ec2_driver import current_cloud, current_policy
from jobs.compute.errors import ComputeRefused
from jobs.compute.fleet import UP
from jobs.compute.rows import DatabaseLedger
from jobs.models import Alert, Fleet, Launch, Server, Uptime
from jobs.money import prices
from modelstore.ground.admin_tools import audit, confirmed


class ForRentedMachines(admin.ModelAdmin):
    """In the menu only where machines are rented, or were; their addresses stay."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        allowed = bool(super().has_module_permission(request))
        return allowed and (_uses_ec2() or self._is_history())

    def _is_history(self) -> bool:
        return bool(self.model._default_manager.exists())


class _LookOnly(admin.ModelAdmin):
    """Rows that the reconciler keeps: without one, its machine would count as unknown and be terminated."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
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
    search_fields = ("name",)
    actions = ("stop_machines",)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_server")

    @admin.action(description="Stop the selected machines", permissions=["stop"])
    @confirmed("Stop these machines now? A job that is training on one goes back to the queue.")
    def stop_machines(self, request: HttpRequest, queryset: QuerySet[Server]) -> None:
        """At once, whatever waits: with jobs in the queue the next pass may start another machine."""
        cloud, launches, stopped = current_cloud(), current_policy().launches, []
        for server in queryset.filter(driver="ec2", state__in=UP):
            DatabaseLedger().intend_stop(server.name, f"By {request.user} in the admin.", timezone.now())
            try:
                (cloud.terminate if launches else cloud.stop)(server.name)
            except ComputeRefused as error:
                self.message_user(request, f"{server.name} could not be stopped: {error}", messages.ERROR)
            else:
                stopped.append(server)
        audit(request, stopped, "Stopped manually.")
        self.message_user(request, f"{len(stopped)} of the machines are being stopped; others were not on.")

    @admin.display(description="price an hour")
    def price(self, server: Server) -> str:
        return _money(prices.price_per_hour(prices.kind_of(server)))


@admin.register(Launch)
class LaunchAdmin(ForRentedMachines, _LookOnly):
    list_display = ("token", "offer", "instance_id", "created", "closed")


@admin.register(Uptime)
class UptimeAdmin(ForRentedMachines):
    """What the bill counts: each time that a machine was up."""

    list_display = ("server", "kind", "began", "ended", "price_per_hour", "cost", "tries")
    list_filter = ("kind", "began")
    list_select_related = ("server",)
    list_per_page = 25
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Uptime]:
        return super().get_queryset(request).prefetch_related("attempts")

    @admin.display(description="it cost")
    def cost(self, uptime: Uptime) -> str:
        """So far, while it is up."""
        if uptime.price_per_hour is None:
            return "no price is set"
        hours = ((uptime.ended or timezone.now()) - uptime.began).total_seconds() / 3600
        return f"{hours * uptime.price_per_hour:.3f} {settings.FLASH_CURRENCY}"

    @admin.display(description="jobs tried on it")
    def tries(self, uptime: Uptime) -> str:
        return str(len(uptime.attempts.all())) if uptime.attempts.all() else "none: paid for nothing"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):
    list_display = ("kind", "message", "count", "first", "last", "mailed", "cleared")
    list_filter = ("cleared", "kind")
    readonly_fields = ("kind", "message", "count", "first", "last", "mailed", "cleared")
    show_full_result_count = False
    actions = ("clear",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Clear the selected alerts", permissions=["change"])
    @confirmed("Clear these alerts? Anything still wrong raises a new one, with an e-mail.")
    def clear(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        rows = list(queryset.filter(cleared=None))
        count = queryset.filter(cleared=None).update(cleared=timezone.now())
        audit(request, rows, "Cleared.")
        self.message_user(request, f"{count} alerts cleared.")


@admin.register(Fleet)
class FleetAdmin(ForRentedMachines, _LookOnly):
    """One row: what the machines may do and cost, what holds them back, and a way to try again at once."""

    list_display = ("__str__", "running", "costs_now", "reason", "breaker_until")
    fields = (
        "running", "costs_now", "reason", "limits", "price_table",
        "boot_failures", "breaker_until", "backoffs", "backoff_until", "blocked",
    )  # fmt: skip
    readonly_fields = ("running", "costs_now", "limits", "price_table")
    actions = ("try_again_now",)

    def _is_history(self) -> bool:
        # Its row is there anyway.
        return False

    def has_try_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_fleet")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        Fleet.current()
        return super().changelist_view(request, extra_context)

    @admin.display(description="machines that are on")
    def running(self, fleet: Fleet) -> str:
        return f"{_up().count()} of at most {settings.FLASH_EC2_POOL}" if _uses_ec2() else "this one"

    @admin.display(description="they cost an hour")
    def costs_now(self, fleet: Fleet) -> str:
        known = [prices.price_per_hour(prices.kind_of(server)) for server in _up()]
        if None in known:
            return "unknown: FLASH_EC2_PRICES has no price for a machine that is on"
        return _money(sum(price for price in known if price is not None))

    @admin.display(description="limits, from the settings")
    def limits(self, fleet: Fleet) -> SafeString:
        return _table(_limits() if _uses_ec2() else [("FLASH_COMPUTE", "local: training is on this machine")])

    @admin.display(description="prices an hour, from FLASH_EC2_PRICES")
    def price_table(self, fleet: Fleet) -> SafeString:
        return _table([(kind, _money(price)) for kind, price in sorted(settings.FLASH_EC2_PRICES.items())])

    @admin.action(description="Forget pauses and try again now", permissions=["try"])
    @confirmed(
        "Forget all pauses? Machines that did not come up are tried again at once, which costs money again."
    )
    def try_again_now(self, request: HttpRequest, queryset: QuerySet[Fleet]) -> HttpResponse:
        queryset.update(boot_failures=0, breaker_until=None, backoffs=0, backoff_until=None, blocked={})
        audit(request, list(queryset), "Pauses forgotten.")
        self.message_user(request, "The next pass, within a minute, tries again.")
        return redirect("admin:jobs_fleet_change", Fleet.current().pk)


def _limits() -> list[tuple[str, str]]:
    policy, template = current_policy(), settings.FLASH_EC2_LAUNCH_TEMPLATE
    machines = f"launched from {template}, terminated" if template else "fixed, started and stopped"
    return [
        ("Machines", f"{machines}; tag {settings.FLASH_EC2_TAG}, region {settings.FLASH_AWS_REGION}"),
        ("Kinds", ", ".join(settings.FLASH_EC2_TYPES) or "as set in the launch template or the instance"),
        ("Spot", "yes" if settings.FLASH_EC2_SPOT else "no"),
        ("Pool", str(policy.pool)),
        ("Idle grace", _span(policy.idle_grace)),
        ("Boot grace", _span(policy.boot_grace)),
        ("Silence", _span(policy.silence)),
        ("Hard cap of uptime", _span(policy.hard_cap)),
        (
            "Pause after failed boots",
            f"{_span(policy.breaker_pause)} after {policy.breaker} in a row, then up to {_span(policy.longest_pause)}",
        ),
    ]


def _up() -> QuerySet[Server]:
    return Server.objects.filter(driver="ec2", state__in=UP)


def _uses_ec2() -> bool:
    return bool(settings.FLASH_COMPUTE == "ec2")


def _money(price: float | None) -> str:
    return "" if price is None else f"{price:.3f} {settings.FLASH_CURRENCY}"


def _span(length: timedelta) -> str:
    seconds = length.total_seconds()
    if seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def _table(rows: list[tuple[str, str]]) -> SafeString:
    return format_html_join("", "<div>{}: <strong>{}</strong></div>", rows)
