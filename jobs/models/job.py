"""One request to train a model; its row is the only truth about it."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from jobs.models.leased import Leased, LeasedQuerySet
from jobs.models.repeatable import Repeatable
from jobs.states import JOBS, RUNNING, JobStatus
from modelstore.ground import sealing
from modelstore.models import ApiKey
from training.kinds import Preset, task_choices
from training.score import ACCURACY, Score


class Lane(models.TextChoices):
    """When a job wants its machine."""

    NOW = "now", "Now"
    NEXT_START = "next_start", "With the next start"


class JobQuerySet(LeasedQuerySet["Job"]):
    """Reads by state; `transition` is the one way to change it."""

    def urgent(self, now: datetime, shared_wait: timedelta) -> Self:
        """Jobs that wait and are worth a machine of their own; the others go along with the next start."""
        tired = models.Q(queued__lte=now - shared_wait)
        return self.filter(tired | models.Q(lane=Lane.NOW), status=JobStatus.QUEUED)


def _sealed(what: str) -> "models.CharField[str, str]":
    return models.CharField(
        max_length=sealing.SEALED_LENGTH, blank=True, default="", db_default="", help_text=what
    )


class Job(Repeatable, Leased):
    """A queued, running or ended training job."""

    machine = JOBS
    QUEUE_ORDER = "due"

    dataset = models.ForeignKey(
        "jobs.Dataset", null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    version = models.ForeignKey(
        "jobs.DatasetVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        help_text="The version of its data that it learns from, where versions are kept.",
    )
    model = models.OneToOneField(
        "modelstore.TrainedModel", null=True, blank=True, on_delete=models.SET_NULL, related_name="job"
    )
    task_type = models.CharField(max_length=32, choices=task_choices)
    task_name = models.CharField(max_length=100)
    preset = models.CharField(
        max_length=10, blank=True, choices=[(preset.value, preset.value) for preset in Preset]
    )
    model_name = models.CharField(max_length=40)
    config = models.JSONField(help_text="The whole training configuration, as the trainer reads it.")
    downloadable = models.BooleanField(default=True)

    reading = models.JSONField(
        null=True, blank=True, help_text="The columns that held the text of its dataset, which may be gone."
    )
    sample_count = models.PositiveIntegerField(default=0, help_text="Of its dataset, which may be gone.")
    lane = models.CharField(
        max_length=10,
        choices=Lane.choices,
        default=Lane.NOW,
        help_text="The next start: no machine is started for this job alone until it has waited for long.",
    )
    max_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Its owner's own cap on the training time. Empty: none."
    )
    expected_seconds = models.FloatField(
        null=True, blank=True, help_text="How long it will probably train, as estimated when it was queued."
    )
    due = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="Waiting jobs begin in this order (jobs.lanes)."
    )
    quote = models.JSONField(null=True, blank=True, help_text="What was estimated when it was submitted.")

    continues = models.ForeignKey(
        "modelstore.TrainedModel",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="continuations",
        help_text="The earlier model: its token leads to the new one if that wins on the same validation part.",
    )
    continues_prefix = models.CharField(
        max_length=200, blank=True, help_text="The files of the earlier model that this try started from."
    )
    comparison = models.JSONField(
        null=True, blank=True, help_text="Both models on the same validation part, and what came of it."
    )

    api_key = models.ForeignKey(
        "modelstore.ApiKey",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        help_text="The key that it was sent with; whoever has it may list the job.",
    )
    sealed_token = _sealed("Its token, for the lists of the API key that it was sent with.")
    sealed_dataset = _sealed("The token of its dataset, for whoever has its own.")
    sealed_continued = _sealed("The token of the model that it continues, for whoever has its own.")

    sealed_versions = _sealed("The token of the versions of its data, for whoever has its own.")
    sealed_versions_continued = _sealed("The same, for whoever has that of the model that it continues.")

    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED)
    phase = models.CharField(max_length=40, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="Of its model, where that is the score.")
    score_name = models.CharField(
        max_length=32, default=ACCURACY, db_default=ACCURACY, help_text="What its score is (training.score)."
    )
    score_value = models.FloatField(null=True, blank=True, help_text="Of its model, on the validation part.")
    keep_best = models.BooleanField(
        default=False, help_text="Its owner has seen enough: it ends soon, with the best model so far."
    )
    server = models.ForeignKey(
        "jobs.Server", null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("status", "due", "id"), name="job_queue_by_due"),
            models.Index(fields=("status", "-created"), name="job_newest_by_status"),
            # The admin's filters: one that matches little would read all rows.
            models.Index(fields=("task_type", "-created"), name="job_newest_by_task"),
            models.Index(fields=("model_name", "-created"), name="job_newest_by_model"),
            models.Index(fields=("preset", "-created"), name="job_newest_by_preset"),
            models.Index(
                fields=("status", "lease_until"),
                name="job_leases",
                condition=models.Q(lease_until__isnull=False),
            ),
            models.Index(
                fields=("model_name", "-finished"),
                name="job_history",
                condition=models.Q(status=JobStatus.DEPLOYED),
            ),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(status__in=JobStatus.values), name="job_status_known"),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0) & models.Q(progress__lte=1),
                name="job_progress_is_a_share",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=sorted(RUNNING)) | models.Q(lease_until__isnull=False),
                name="job_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=JobStatus.FAILED) | ~models.Q(error=""), name="job_failed_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_name} ({self.status})"

    @property
    def score(self) -> Score | None:
        """How good its model is; None until there is one. A row of an earlier version has an accuracy alone."""
        if self.score_value is not None:
            return Score(name=self.score_name, value=self.score_value)
        return None if self.accuracy is None else Score(name=ACCURACY, value=self.accuracy)

    @property
    def leads_to_its_model(self) -> bool:
        """Whether its token opens a model; one that continues an earlier model leaves that token to it."""
        return self.status == JobStatus.DEPLOYED and self.comparison is None

    def seal_tokens(self) -> None:
        """Keeps what is told again; all tokens must be known. Call it before it is saved."""
        key = sealing.key_of_token(self.token)
        if self.api_key is not None:
            self.sealed_token = sealing.seal(self.token, sealing.site_key())
        if self.dataset is not None:
            self.sealed_dataset = sealing.seal(self.dataset.token, key)
        if self.continues is not None:
            self.sealed_continued = sealing.seal(self.continues.token, key)
        if self.dataset is not None and (versions := self.dataset.versions_token):
            self.sealed_versions = sealing.seal(versions, key)
            if self.continues is not None:
                of_model = sealing.key_of_token(self.continues.token)
                self.sealed_versions_continued = sealing.seal(versions, of_model)

    @property
    def dataset_token(self) -> str:
        """The token of its dataset, "" without one; its own must be known."""
        sealed = self.sealed_dataset if self.dataset_id else ""
        return sealing.unseal(sealed, sealing.key_of_token(self.token))

    @property
    def versions_token(self) -> str:
        """The token of the versions of its data, "" where none are kept; its own must be known."""
        sealed = self.sealed_versions if self.version_id else ""
        return sealing.unseal(sealed, sealing.key_of_token(self.token)) if sealed else ""

    @property
    def kept_data(self) -> str:
        """The token of the data that it can be trained on again: its upload, or its versions; "" without either."""
        return self.dataset_token or self.versions_token

    @property
    def told_comparison(self) -> dict[str, Any] | None:
        """`comparison` with the `token` of the model that it continued; its own must be known."""
        if self.comparison is None:
            return None
        token = sealing.unseal(self.sealed_continued, sealing.key_of_token(self.token))
        return {**self.comparison, "token": token}

    def token_for(self, api_key: ApiKey | None) -> str | None:
        """Its token for whoever lists with `api_key`: told where the job was sent with that key, else None."""
        if api_key is None or self.api_key_id != api_key.pk:
            return None
        return sealing.unseal(self.sealed_token, sealing.site_key()) or None
