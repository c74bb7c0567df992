"""The operator's view of datasets, jobs, servers and the platform's switches."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.datasets import dataset_store
from jobs.models import Attempt, Dataset, Job, PlatformStatus
from jobs.money import actual_costs, prices
from jobs.queue import cancellation
from jobs.web import training_log
from modelstore.ground.admin_tools import FastAdmin, audit, confirmed
from modelstore.ground.errors import FlashError
from training.ground.used_settings import used_settings
from training.kinds import CATALOG, KINDS
from training.score import SCORES

_MOST_SHOWN = 50
_HIDDEN = (
    "token_digest", "config", "idempotency_key",
    "sealed_token", "sealed_dataset", "sealed_continued", "sealed_repeat", "sealed_versions",
    "sealed_versions_continued",
)  # fmt: skip


class _ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AttemptInline(_ReadOnlyInline):
    model = Attempt
    fields = (
        "fence", "server", "started", "finished", "price_per_hour", "allowance_seconds", "outcome", "reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("server")


def _lines(line: str, rows: Sequence[tuple[Any, ...]]) -> SafeString:
    return format_html_join("", f"<div>{line}</div>", rows)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


class ModelNameFilter(admin.SimpleListFilter):
    """The catalogue, instead of asking all rows which names there are."""

    title = parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, spec.title) for name, spec in CATALOG.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(model_name=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(FastAdmin):
    """Jobs are made by users; operators look, cancel and retry."""

    list_display = (
        "task_name",
        "status",
        "percent",
        "task_type",
        "model_name",
        "score_shown",
        "attempt",
        "created",
    )
    list_filter = ("status", "task_type", ModelNameFilter, "preset", "created")
    search_fields = ("task_name", "error")
    ordering = ("-created",)
    actions = ("cancel_jobs", "retry_jobs")
    inlines = (AttemptInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).defer("config", "quote")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = [field.name for field in Job._meta.fields if field.name not in (*_HIDDEN, "id")]
        return [*names, "settings_used", "receipt", "last_epochs", "end_of_log"]

    @admin.display(description="score", ordering="score_value")
    def score_shown(self, job: Job) -> str:
        return f"{job.score.kind.word} {job.score.shown}" if job.score else "-"

    @admin.display(description="receipt")
    def receipt(self, job: Job) -> str:
        """Seconds and money for boot, training and idle time."""
        told = actual_costs.receipt_of(job).to_json()
        seconds = ", ".join(f"{part} {told[part + '_seconds']:g} s" for part in ("boot", "training", "idle"))
        cost = "no price is set" if told["cost"] is None else f"{told['currency']} {told['cost']:g}"
        return f"{seconds}; {cost}{'' if told['final'] else ' so far'}"

    @admin.display(description="last epochs")
    def last_epochs(self, job: Job) -> SafeString:
        rows = job.epochs.order_by("-epoch").values_list(
            "epoch", "train_loss", "val_loss", "train_accuracy", Coalesce("val_score", "val_accuracy")
        )[:_MOST_SHOWN]
        word = SCORES[job.score_name].word
        line = f"epoch {{}}: loss {{}}, validation loss {{}}; accuracy {{}}, validation {word} {{}}"
        return _lines(line, [(row[0], *map(_figure, row[1:])) for row in reversed(rows)])

    @admin.display(description="end of the log")
    def end_of_log(self, job: Job) -> SafeString:
        """Not an inline: a form for each of some thousand lines takes seconds."""
        rows = job.events.order_by("-pk").values_list("created", "kind", "message")[:_MOST_SHOWN]
        lines = _lines("{} {}: {}", [(f"{row[0]:%H:%M:%S}", *row[1:]) for row in reversed(rows)])
        address = reverse("admin:jobs_job_log", args=[job.pk])
        return format_html('{}<a href="{}">The whole log</a>', lines, address)

    def get_urls(self) -> list[Any]:
        log = path("<int:pk>/log.txt", self.admin_site.admin_view(self.whole_log), name="jobs_job_log")
        return [log, *super().get_urls()]

    def whole_log(self, request: HttpRequest, pk: int) -> HttpResponse:
        """By its number: operators have no tokens."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return training_log.respond(get_object_or_404(Job, pk=pk))

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return _HIDDEN

    @admin.display(description="settings")
    def settings_used(self, job: Job) -> str:
        """As the page of its model tells them; as they are stored where its kind of task was taken away."""
        kind = KINDS.get(job.task_type)
        return _lines("{}: {}", used_settings(job.config, kind)) if kind else json.dumps(job.config)

    @admin.display(description="progress", ordering="progress")
    def percent(self, job: Job) -> str:
        return f"{job.progress:.0%}"

    @admin.action(description="Cancel the selected jobs", permissions=["change"])
    @confirmed("Cancel these jobs?")
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        done = [job for job in queryset if cancellation.cancel(job=job)]
        audit(request, done, "Cancelled.")
        self.message_user(
            request,
            f"{len(done)} of {queryset.count()} jobs are being cancelled; the others had already ended.",
        )

    @admin.action(description="Try the selected jobs again", permissions=["change"])
    @confirmed("Try these jobs again?")
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            try:
                cancellation.retry(job=job)
            except FlashError as error:
                self.message_user(request, f"{job.task_name}: {error.detail}", messages.WARNING)
            else:
                audit(request, [job], "Queued again.")
                self.message_user(request, f"{job.task_name} is waiting for another try.")


@admin.register(Dataset)
class DatasetAdmin(FastAdmin):
    list_display = ("name", "task_type", "sample_count", "size_bytes", "kept", "created")
    list_filter = ("task_type", "kept", "created")
    search_fields = ("name",)
    fields = (
        "name",
        "task_type",
        "file",
        "size_bytes",
        "sha256",
        "sample_count",
        "classes",
        "options",
        "created",
        "kept",
    )
    readonly_fields = tuple(name for name in fields if name != "kept")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        return super().get_queryset(request).defer("findings", "thumbnails", "notes_csv", "seen")

    def has_delete_permission(self, request: HttpRequest, obj: Dataset | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or not dataset_store.is_needed(obj)
        )

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        dataset_store.discard(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        for dataset in queryset:
            if dataset_store.is_needed(dataset):
                self.message_user(request, f"{dataset} is needed by a job and was kept.", messages.WARNING)
            else:
                dataset_store.discard(dataset)


class CapsForm(forms.ModelForm):
    """Refuses a cap in money that nothing could be held against."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = prices.expected_kind()
        for name in ("job_cap_cost", "day_cap_cost"):
            if cleaned.get(name) is not None and prices.price_per_hour(kind) is None:
                self.add_error(
                    name, f"Set the price of {kind} in FLASH_EC2_PRICES first: no job could start otherwise."
                )
        return cleaned


@admin.register(PlatformStatus)
class PlatformStatusAdmin(admin.ModelAdmin):
    """One row: the list leads straight to its form."""

    fieldsets = (
        (None, {"fields": ("dev_mode", "notice", "queue_limit")}),
        (
            "Caps on time and money",
            {
                "fields": ("job_cap_minutes", "job_cap_cost", "day_cap_minutes", "day_cap_cost"),
                "description": "Never exceeded. Caps in money need the prices: FLASH_EC2_PRICES and FLASH_LOCAL_PRICE.",
            },
        ),
    )
    form = CapsForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:jobs_platformstatus_change", PlatformStatus.current().pk)
