"""The operator's view of batch predictions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.batches import lifecycle
from jobs.models import BatchPrediction
from modelstore.ground.admin_tools import FastAdmin, audit, confirmed


@admin.register(BatchPrediction)
class BatchPredictionAdmin(FastAdmin):
    """Batches are made by users; operators look, cancel and delete. What was predicted is not shown."""

    list_display = ("name", "kind", "status", "percent", "done", "bad", "attempt", "size_bytes", "created")
    list_filter = ("status", "kind", "created")
    search_fields = ("name", "error")
    actions = ("cancel_batches",)
    exclude = ("token_digest", "first", "summary", "idempotency_key", "sealed_repeat")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and obj is None

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchPrediction]:
        return super().get_queryset(request).defer("first", "summary", "counts")

    @admin.display(description="progress", ordering="progress")
    def percent(self, batch: BatchPrediction) -> str:
        return f"{batch.progress:.0%}"

    @admin.action(description="Cancel the selected batches", permissions=["change"])
    @confirmed("Cancel these batches?")
    def cancel_batches(self, request: HttpRequest, queryset: QuerySet[BatchPrediction]) -> None:
        done = [batch for batch in queryset if lifecycle.cancel(batch=batch)]
        audit(request, done, "Cancelled.")
        self.message_user(
            request,
            f"{len(done)} of {queryset.count()} batches are being cancelled; the others had already ended.",
        )

    def delete_model(self, request: HttpRequest, obj: BatchPrediction) -> None:
        lifecycle.discard(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BatchPrediction]) -> None:
        for batch in queryset:
            lifecycle.discard(batch)
