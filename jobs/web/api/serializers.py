"""What goes over the wire about checked datasets and jobs."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs.models import Dataset, Epoch, Job, JobEvent, Trial
from jobs.money import actual_costs
from jobs.money.quotes import Quoter
from jobs.queue import wait_reason
from jobs.states import JobStatus
from jobs.web.first_flash import training_document
from modelstore.api_keys import key_of
from modelstore.web.serializers import ScoreSerializer
from modelstore.web.task_field import A_TABLE


class ClassCountSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # the wire has the same word as the base class
    count = serializers.IntegerField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A checked table",
            {
                "token": "uq0cZcJ0yE0pYk3zq7H2aB",
                "task_type": A_TABLE,
                "name": "messages.csv",
                "size_bytes": 18230,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "sample_count": 400,
                "classes": [{"label": "complaint", "count": 200}, {"label": "question", "count": 200}],
                "findings": {"repairs": [], "skipped": [], "warnings": []},
                "created": "2026-11-20T09:00:00Z",
                "expires": "2026-11-20T11:00:00Z",
            },
            response_only=True,
        )
    ]
)
class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A checked upload: what was understood, repaired and skipped."""

    classes = ClassCountSerializer(many=True)
    findings = serializers.DictField(
        help_text="repairs, skipped, warnings, and for tables columns and sample rows"
    )
    expires = serializers.SerializerMethodField(help_text="When it is deleted, unless a job uses it.")

    class Meta:
        model = Dataset
        fields = (
            "token",
            "task_type",
            "name",
            "size_bytes",
            "sha256",
            "sample_count",
            "classes",
            "findings",
            "created",
            "expires",
        )

    @extend_schema_field(serializers.DateTimeField())
    def get_expires(self, dataset: Dataset) -> str:
        return (dataset.created + settings.FLASH_DATASET_RETENTION).isoformat()


class EpochSerializer(serializers.ModelSerializer[Epoch]):
    class Meta:
        model = Epoch
        fields = ("epoch", *Epoch.FIGURES, "planned", "val_score")


class TrialSerializer(serializers.ModelSerializer[Trial]):
    score = ScoreSerializer(allow_null=True, read_only=True, help_text="null until it has been trained.")

    class Meta:
        model = Trial
        fields = ("number", "words", "model_name", "state", "seconds", "score", "note")


_JOB = {
    "token": "uq0cZcJ0yE0pYk3zq7H2aB",
    "task_type": A_TABLE,
    "task_name": "messages",
    "preset": "balanced",
    "model_name": "bag_of_ngrams",
    "status": "training",
    "phase": "training",
    "progress": 0.4,
    "error": None,
    "score": None,
    "accuracy": None,
    "created": "2026-11-20T09:00:00Z",
    "started": "2026-11-20T09:00:02Z",
    "finished": None,
    "url": "http://localhost:8000/api/v1/jobs/uq0cZcJ0yE0pYk3zq7H2aB/",
}
_EPOCH = {
    "epoch": 1,
    "train_loss": 0.62,
    "train_accuracy": 0.71,
    "val_loss": 0.48,
    "val_accuracy": 0.8,
    "learning_rate": 0.001,
    "seconds": 1.2,
    "planned": 10,
    "val_score": None,
}


@extend_schema_serializer(examples=[OpenApiExample("A job", {"id": 17} | _JOB, response_only=True)])
class JobSummarySerializer(serializers.ModelSerializer[Job]):
    """A job in a list; follow it by its token for epochs and place in the queue.

    The token is told to the key that the job was sent with: of all others the site has a hash alone.
    """

    # What a list reads: not the configuration, which is long.
    COLUMNS = (
        "sealed_token", "api_key", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress",
        "error", "score_name", "score_value", "accuracy", "created", "started", "finished",
    )  # fmt: skip
    token = serializers.SerializerMethodField(help_text="null: the job was not sent with this key.")
    score = ScoreSerializer(
        allow_null=True, read_only=True, help_text="How good its model is; null until there is one."
    )
    progress = serializers.FloatField(min_value=0, max_value=1)
    error = serializers.SerializerMethodField(help_text="Why it failed, in a sentence; null otherwise.")
    url = serializers.SerializerMethodField(help_text="null where the token is.")

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            "id", "token", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress", "error",
            "score", "accuracy", "created", "started", "finished", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_error(self, job: Job) -> str | None:
        return job.error or None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_token(self, job: Job) -> str | None:
        return job.token_for(key_of(self.context["request"]))

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_url(self, job: Job) -> str | None:
        return self._address("api:job", self.get_token(job))

    def _address(self, name: str, token: str | None) -> str | None:
        return reverse(name, args=[token], request=self.context.get("request")) if token else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A running job",
            _JOB
            | {
                "queue_position": None,
                "eta_seconds": 12.5,
                "epochs": [_EPOCH],
                "trials": [],
                "model_url": None,
                "lane": "now",
                "max_minutes": None,
                "waiting_reason": "",
                "quote": None,
                "comparison": None,
                "version": None,
                "versions_token": None,
                "receipt": None,
                "training": {},
            },
            response_only=True,
        )
    ]
)
class JobSerializer(JobSummarySerializer):
    """A job as its owner sees it."""

    token = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    queue_position = serializers.IntegerField(allow_null=True, read_only=True)
    eta_seconds = serializers.SerializerMethodField(
        help_text="Seconds until it ends, as far as can be told; of a waiting job those before it are counted."
    )
    epochs = EpochSerializer(many=True, read_only=True)
    trials = TrialSerializer(many=True, read_only=True, help_text="Of preset Auto: what it has tried.")
    model_url = serializers.SerializerMethodField()
    waiting_reason = serializers.SerializerMethodField(
        help_text="Why it waits for more than its turn; empty otherwise."
    )
    comparison = serializers.DictField(
        source="told_comparison",
        allow_null=True,
        read_only=True,
        help_text="Where it continued a model: both on the same validation part; `verdict`, and `words`.",
    )
    quote = serializers.DictField(
        allow_null=True, read_only=True, help_text="What was estimated when it was submitted."
    )
    version = serializers.IntegerField(
        source="version.number",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="Of its data, the version that it learns from; null where no versions are kept.",
    )
    versions_token = serializers.SerializerMethodField(
        help_text="Opens the versions of its data; null likewise."
    )
    receipt = serializers.SerializerMethodField(
        help_text="Seconds and money for boot, training and idle time; null before it has begun."
    )
    training = serializers.SerializerMethodField(
        help_text="The job in the words of the first Flash: its training.json."
    )

    class Meta(JobSummarySerializer.Meta):
        fields = (
            "token", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress", "queue_position",
            "eta_seconds", "epochs", "trials", "error", "score", "accuracy", "created", "started", "finished",
            "model_url", "url", "lane", "max_minutes", "waiting_reason", "quote", "comparison", "version",
            "versions_token", "receipt", "training",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_token(self, job: Job) -> str:
        return job.token

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: Job) -> str | None:
        return super().get_url(job)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_model_url(self, job: Job) -> str | None:
        if comparison := job.told_comparison:
            return self._address("api:model", comparison["token"])
        return None if job.model_id is None else self._address("api:model", job.token)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_versions_token(self, job: Job) -> str | None:
        return job.versions_token or None

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_eta_seconds(self, job: Job) -> float | None:
        if job.status == JobStatus.QUEUED:
            return round(Quoter().of_waiting(job)[1].expected, 1)
        return job.eta_seconds

    @extend_schema_field(serializers.CharField(allow_blank=True))
    def get_waiting_reason(self, job: Job) -> str:
        return wait_reason.reason(job)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_receipt(self, job: Job) -> dict[str, Any] | None:
        return actual_costs.receipt_of(job).to_json() if job.fence else None

    @extend_schema_field(serializers.DictField())
    def get_training(self, job: Job) -> dict[str, Any]:
        return training_document(job)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A line of the log",
            {
                "id": 17,
                "kind": "log",
                "message": "280 sentences train, 120 validate.",
                "created": "2026-11-20T09:00:03Z",
            },
            response_only=True,
        )
    ]
)
class JobEventSerializer(serializers.ModelSerializer[JobEvent]):
    class Meta:
        model = JobEvent
        fields = ("id", "kind", "message", "created")
