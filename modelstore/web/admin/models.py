"""For operators: models and when they expire. Every action leaves a row in the admin's log."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import DurationField, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from modelstore.ground import naming
from modelstore.ground.admin_tools import FastAdmin, audit, confirmed
from modelstore.models import CleanupPolicy, PruneState, Tombstone, TrainedModel
from modelstore.models.trained_model import TrainedModelQuerySet
from training.kinds import CATALOG
from training.score import show

_EXTENSION = timedelta(days=1)


class LivesFilter(admin.SimpleListFilter):
    """Live or expired, by the policy in force."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "live"), ("expired", "expired, not yet deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> QuerySet[TrainedModel]:
        models = cast(TrainedModelQuerySet, queryset)
        match self.value():
            case "live":
                return models.live(timezone.now())
            case "expired":
                return models.expired(timezone.now())
            case _:
                return models


class ArchitectureFilter(admin.SimpleListFilter):
    """The catalogue, instead of asking all rows which names there are."""

    title = parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, spec.title) for name, spec in CATALOG.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> QuerySet[TrainedModel]:
        return queryset.filter(model_name=self.value()) if self.value() else queryset


class TrainedModelForm(forms.ModelForm):
    """An operator's new name for a model keeps to the rule for all names; old names stay as they are."""

    def clean_task_name(self) -> str:
        name = str(self.cleaned_data["task_name"])
        if "task_name" not in self.changed_data:
            return name
        if wrong := naming.problem(name):
            raise forms.ValidationError(wrong)
        return naming.tidy(name)


@admin.register(TrainedModel)
class TrainedModelAdmin(FastAdmin):
    """Models are made by jobs and deleted by expiry; here one decides when, and who may download."""

    form = TrainedModelForm
    list_display = (
        "task_name",
        "task_type",
        "model_name",
        "score_and_interval",
        "class_count",
        "size",
        "created",
        "expires_at",
        "pinned",
        "downloadable",
    )
    list_filter = (LivesFilter, "task_type", ArchitectureFilter, "pinned", "downloadable", "created")
    search_fields = ("task_name", "model_name")
    ordering = ("-created",)
    actions = ("expire_now", "extend_day", "pin", "unpin", "allow_download", "forbid_download")
    fields = (
        "task_name",
        "task_type",
        "model_name",
        "score_and_interval",
        "class_names",
        "size",
        "storage_prefix",
        "created",
        "expires_at",
        "pinned",
        "downloadable",
        "expires_override",
    )
    readonly_fields = (
        "task_type",
        "model_name",
        "score_and_interval",
        "class_names",
        "size",
        "storage_prefix",
        "created",
        "expires_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainedModel]:
        # The policy goes along with the rows: asked once for a page, not once for each row.
        policy = CleanupPolicy.current()
        rows: QuerySet[TrainedModel] = super().get_queryset(request).defer("report", "manifest")
        return rows.annotate(
            policy_active=Value(policy.active),
            policy_retention=Value(policy.retention, output_field=DurationField()),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TrainedModel | None = None) -> bool:
        # Deleting the row alone would leave its files; "expire now" and the next pruning take both.
        return False

    @admin.display(description="score", ordering="score_value")
    def score_and_interval(self, model: TrainedModel) -> str:
        score = model.score
        words = f"{score.kind.word} {score.shown}"
        ends = [show(score.name, end) for end in score.interval or ()]
        return f"{words} ({' to '.join(ends)})" if ends else words

    @admin.display(description="classes")
    def class_count(self, model: TrainedModel) -> int:
        return len(model.classes)

    @admin.display(description="classes")
    def class_names(self, model: TrainedModel) -> str:
        return ", ".join(model.classes[:100]) + (" …" if len(model.classes) > 100 else "")

    @admin.display(ordering="size_bytes")
    def size(self, model: TrainedModel) -> str:
        return filesizeformat(model.size_bytes)

    @admin.display(description="expires")
    def expires_at(self, model: Any) -> str:
        policy = CleanupPolicy(active=model.policy_active, retention=model.policy_retention)
        expires = model.expires(policy)
        # The page of one model would show a bare datetime as Python writes it.
        return date_format(timezone.localtime(expires), "DATETIME_FORMAT") if expires else "never"

    @admin.action(description="Expire now", permissions=["change"])
    @confirmed("Expire these models now? Nobody will be able to use them, and their files will be deleted.")
    def expire_now(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        self._change(
            request, queryset, "Expired manually", "expired", expires_override=timezone.now(), pinned=False
        )

    @admin.action(description="Extend: a day from now at least", permissions=["change"])
    @confirmed("Let these models live for a day from now, if they would otherwise expire sooner?")
    def extend_day(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        until, policy = timezone.now() + _EXTENSION, CleanupPolicy.current()
        # Not those that live longer anyway.
        short = [model for model in queryset if (ends := model.expires(policy)) is not None and ends < until]
        rows = queryset.model._default_manager.filter(pk__in=[model.pk for model in short])
        self._change(request, rows, "Extended by a day", "extended", expires_override=until)

    @admin.action(description="Pin: never expire", permissions=["change"])
    @confirmed("Keep these models for ever?")
    def pin(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        self._change(request, queryset, "Pinned", "pinned", pinned=True)

    @admin.action(description="Unpin", permissions=["change"])
    @confirmed("Let these models expire again?")
    def unpin(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        self._change(request, queryset, "Unpinned", "unpinned", pinned=False)

    @admin.action(description="Allow download", permissions=["change"])
    @confirmed("Let these models be downloaded?")
    def allow_download(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        self._change(request, queryset, "Download allowed", "made downloadable", downloadable=True)

    @admin.action(description="Forbid download", permissions=["change"])
    @confirmed("Forbid the download of these models?")
    def forbid_download(self, request: HttpRequest, queryset: QuerySet[TrainedModel]) -> None:
        self._change(request, queryset, "Download forbidden", "made not downloadable", downloadable=False)

    def _change(
        self, request: HttpRequest, queryset: QuerySet[TrainedModel], note: str, done: str, **values: Any
    ) -> None:
        models = list(queryset)
        count = TrainedModel.objects.filter(pk__in=[model.pk for model in models]).update(**values)
        audit(request, models, note)
        self.message_user(request, f"{count} {'model' if count == 1 else 'models'} {done}.", messages.SUCCESS)


@admin.register(CleanupPolicy)
class CleanupPolicyAdmin(admin.ModelAdmin):
    """The one policy: its list leads to it."""

    fields = ("active", "retention", "longest", "last_pruning")
    readonly_fields = ("last_pruning",)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        policy, _ = CleanupPolicy.objects.get_or_create(pk=1)
        return HttpResponseRedirect(reverse("admin:modelstore_cleanuppolicy_change", args=[policy.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CleanupPolicy | None = None) -> bool:
        return False

    @admin.display(description="last pruning")
    def last_pruning(self, policy: CleanupPolicy) -> str:
        state = PruneState.objects.filter(pk=1).first()
        if state is None or state.last_run is None:
            return "never: is cron, or the built-in scheduler, running?"
        alert = f"; nothing was deleted: {state.last_alert}" if state.last_alert else ""
        return f"{timezone.localtime(state.last_run):%Y-%m-%d %H:%M:%S %Z}{alert}"


@admin.register(Tombstone)
class TombstoneAdmin(FastAdmin):
    """Files that the storage would not let go; each pruning tries again."""

    list_display = ("storage_prefix", "created", "failures", "last_error")
    ordering = ("-failures", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Tombstone | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Tombstone | None = None) -> bool:
        return False
