"""A trained model: what a job deployed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from modelstore.models.cleanup_policy import CleanupPolicy
from modelstore.models.shared_part import SharedPart
from modelstore.models.tokened import Tokened
from training.bundle.label_limits import label_thresholds
from training.bundle.outside import most_spread
from training.kinds import task_choices
from training.score import ACCURACY, Score

# A class of ten validation samples may lose two of them by chance.
DEFAULT_CLASS_LOSS = 0.2


class TrainedModelQuerySet(models.QuerySet["TrainedModel"]):
    """Reads by age; without a policy the current one is asked for (one query more)."""

    def expired(self, now: datetime, policy: CleanupPolicy | None = None) -> Self:
        """Those whose time is up at `now`: nobody is served by them any more."""
        return self.filter(_expired(now, policy or CleanupPolicy.current()))

    def damaged(self) -> Self:
        """Those whose files were found damaged, and were not replaced since."""
        return self.exclude(damaged_prefix="").filter(damaged_prefix=F("storage_prefix"))

    def live(self, now: datetime, policy: CleanupPolicy | None = None) -> Self:
        """Those that still answer at `now`."""
        return self.exclude(_expired(now, policy or CleanupPolicy.current()))


def _expired(now: datetime, policy: CleanupPolicy) -> Q:
    # In each half the whole condition of its index, or SQLite would read every row.
    due = Q(pinned=False, expires_override__isnull=False, expires_override__lte=now)
    if policy.active:
        due |= Q(pinned=False, expires_override__isnull=True, created__lte=now - policy.retention)
    return due


class TrainedModel(Tokened):
    """A bundle in storage and what is known of it; its files never change under one `storage_prefix`."""

    task_type = models.CharField(max_length=32, choices=task_choices)
    task_name = models.CharField(max_length=200)
    model_name = models.CharField(max_length=64)
    classes = models.JSONField(help_text="The labels, in the order of the model's outputs.")
    score_name = models.CharField(
        max_length=32, default=ACCURACY, db_default=ACCURACY, help_text="What its score is (training.score)."
    )
    score_value = models.FloatField(null=True, help_text="On the validation part.")
    score_low = models.FloatField(null=True, help_text="Lower end of its 95 % interval.")
    score_high = models.FloatField(null=True, help_text="Upper end of its 95 % interval.")
    test_value = models.FloatField(
        null=True, help_text="The same score on the test part that the upload named; empty without one."
    )
    test_low = models.FloatField(null=True, help_text="Lower end of its 95 % interval.")
    test_high = models.FloatField(null=True, help_text="Upper end of its 95 % interval.")
    test_count = models.PositiveIntegerField(null=True, help_text="Samples of that test part.")
    accuracy = models.FloatField(
        null=True, help_text="Best validation accuracy, 0 to 1; empty where the score is another one."
    )
    accuracy_low = models.FloatField(null=True, help_text="Lower end of its 95 % interval.")
    accuracy_high = models.FloatField(null=True, help_text="Upper end of its 95 % interval.")
    report = models.JSONField(help_text="report.json: metrics, curves, findings.")
    manifest = models.JSONField(help_text="model.json: classes, preprocessing, a sha256 per file.")
    storage_prefix = models.CharField(max_length=200, unique=True)
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="Which of its versions answers.")
    latest_version = models.PositiveIntegerField(default=1, db_default=1)
    most_class_loss = models.FloatField(
        null=True,
        default=DEFAULT_CLASS_LOSS,
        db_default=DEFAULT_CLASS_LOSS,
        help_text="How much of the recall of a class a new version may lose, 0 to 1; empty: any of it.",
    )
    size_bytes = models.PositiveBigIntegerField(help_text="Of what it shares with no other model.")
    shared_parts = models.ManyToManyField(
        SharedPart, related_name="models", blank=True, help_text="What its files share with others'."
    )
    downloadable = models.BooleanField(default=True)
    pinned = models.BooleanField(default=False, help_text="Pinned models never expire.")
    created = models.DateTimeField(default=timezone.now, db_index=True)
    expires_override = models.DateTimeField(
        null=True, blank=True, help_text="Set: this time counts, whatever the cleanup policy says."
    )

    damaged_prefix = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Its storage prefix when its files were found damaged; those of another prefix may be good.",
    )

    objects = TrainedModelQuerySet.as_manager()

    class Meta:
        # The two halves of _expired: pruning reads what is due and nothing else.
        indexes = [
            models.Index(
                fields=["created"],
                name="trained_model_age",
                condition=Q(pinned=False, expires_override__isnull=True),
            ),
            models.Index(
                fields=["expires_override"],
                name="trained_model_own_expiry",
                condition=Q(pinned=False, expires_override__isnull=False),
            ),
            models.Index(
                fields=["damaged_prefix"], name="trained_model_damaged", condition=~Q(damaged_prefix="")
            ),
            # The sum of sizes is read from the index: rows are long, and there are many.
            models.Index(fields=["size_bytes"], name="trained_model_sizes"),
            # The admin's filters: one that matches little would read all rows.
            models.Index(fields=["task_type", "-created"], name="trained_model_by_task"),
            models.Index(fields=["model_name", "-created"], name="trained_model_by_model"),
            models.Index(fields=["created"], name="trained_model_pinned", condition=Q(pinned=True)),
            models.Index(fields=["created"], name="trained_model_kept_here", condition=Q(downloadable=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(accuracy_low__gte=0, accuracy_high__lte=1)
                & Q(accuracy__gte=models.F("accuracy_low"), accuracy__lte=models.F("accuracy_high")),
                name="trained_model_accuracy_is_in_its_interval",
            ),
            models.CheckConstraint(
                condition=Q(score_value__gte=models.F("score_low"), score_value__lte=models.F("score_high")),
                name="trained_model_score_is_in_its_interval",
            ),
            models.CheckConstraint(
                condition=Q(test_value__gte=models.F("test_low"), test_value__lte=models.F("test_high")),
                name="trained_model_test_is_in_its_interval",
            ),
            # Which tasks there are is the registry's to say: a kind more is no migration.
            models.CheckConstraint(condition=~Q(task_type=""), name="trained_model_has_task"),
            models.CheckConstraint(
                condition=Q(most_class_loss__gte=0, most_class_loss__lte=1),
                name="trained_model_class_loss_is_a_share",
            ),
            models.CheckConstraint(
                condition=~Q(token_digest="") & ~Q(storage_prefix=""),
                name="trained_model_has_token_and_files",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_name} ({self.model_name})"

    @property
    def score(self) -> Score:
        """How good it is; a row that an earlier version wrote has an accuracy alone."""
        if self.score_value is not None:
            return Score(
                name=self.score_name, value=self.score_value, low=self.score_low, high=self.score_high
            )
        return Score(
            name=ACCURACY, value=self.accuracy or 0.0, low=self.accuracy_low, high=self.accuracy_high
        )

    @property
    def test_score(self) -> Score | None:
        """How good it is on the test part that the upload named; None where there was no such part."""
        if self.test_value is None:
            return None
        return Score(name=self.score_name, value=self.test_value, low=self.test_low, high=self.test_high)

    @property
    def most_spread(self) -> float | None:
        """Above which spread an answer is probably about none of the classes; None where the model does not tell."""
        return most_spread(self.manifest.get("outside"))

    @property
    def label_thresholds(self) -> Sequence[float] | None:
        """From which probability on each class is said; None where the likeliest one is the answer."""
        return label_thresholds(self.manifest)

    def expires(self, policy: CleanupPolicy) -> datetime | None:
        """When this model stops answering; None: never."""
        if self.pinned:
            return None
        if self.expires_override is not None:
            return self.expires_override
        return self.created + policy.retention if policy.active else None

    def is_expired(self, policy: CleanupPolicy, now: datetime) -> bool:
        """Whether its time is up; the same rule as `TrainedModel.objects.expired(now, policy)`."""
        expires = self.expires(policy)
        return expires is not None and expires <= now
