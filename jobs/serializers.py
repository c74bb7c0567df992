"""What goes over the wire about datasets, jobs and the platform; the words are those of the API's description."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs import receipts, waiting
from jobs.models import Dataset, Epoch, Job, JobEvent, Lane, PlatformStatus, Server
from jobs.original import training_document
from modelstore.models import TaskType
from training.catalog import CATALOG
from training.config import Preset

_LIMITS = settings.FLASH_LIMITS
_BATCH = (1, max(_LIMITS.batch_size_image[1], _LIMITS.batch_size_text[1]))


def _range(bounds: tuple[float, float]) -> dict[str, Any]:
    return {"min_value": bounds[0], "max_value": bounds[1]}


class PlateauSerializer(serializers.Serializer[Any]):
    """Lowers the learning rate when the validation loss stands still."""

    factor = serializers.FloatField(required=False, **_range(_LIMITS.plateau_factor))
    patience = serializers.IntegerField(required=False, **_range(_LIMITS.plateau_patience))
    min_lr = serializers.FloatField(required=False, **_range(_LIMITS.plateau_min_lr))


class StepSerializer(serializers.Serializer[Any]):
    """Lowers the learning rate every so many epochs."""

    step_size = serializers.IntegerField(required=False, **_range(_LIMITS.step_size))
    gamma = serializers.FloatField(required=False, **_range(_LIMITS.step_gamma))


class TrainSerializer(serializers.Serializer[Any]):
    """What a job may be told; hyperparameters are checked by the trainer's own rules, as on the site."""

    task_name = serializers.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9 -]*$",
        max_length=100,
        help_text="Letters (of any alphabet), digits, hyphens and spaces.",
    )
    preset = serializers.ChoiceField(
        choices=[preset.value for preset in Preset],
        required=False,
        help_text="Chooses whatever the other fields leave open; quick when it is missing.",
    )
    model = serializers.ChoiceField(choices=list(CATALOG), required=False)
    optimizer = serializers.ChoiceField(choices=["sgd", "adam", "adamw"], required=False)
    learning_rate = serializers.FloatField(required=False, **_range(_LIMITS.learning_rate))
    batch_size = serializers.IntegerField(required=False, **_range(_BATCH))
    epochs = serializers.IntegerField(required=False, **_range(_LIMITS.epochs))
    data_split = serializers.CharField(
        required=False, max_length=40, help_text="The share that trains: 0.8, or 80:20."
    )
    reduce_lr_on_plateau = PlateauSerializer(required=False)
    step_lr = StepSerializer(required=False)
    pretrained = serializers.BooleanField(required=False, help_text="Start from ImageNet weights (pictures).")
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**32 - 1)
    early_stopping = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=_LIMITS.epochs[1],
        help_text="Stop after so many epochs without gain; 0: never.",
    )
    num_classes = serializers.IntegerField(
        required=False, min_value=1, help_text="The job is refused when the data has other than so many."
    )
    class_weights = serializers.BooleanField(
        required=False,
        help_text="Let rare classes count as much as common ones; costs accuracy, gains recall.",
    )
    downloadable = serializers.BooleanField(required=False, default=True)
    keep_dataset = serializers.BooleanField(required=False, default=False)
    lane = serializers.ChoiceField(
        choices=Lane.choices,
        required=False,
        default=Lane.NOW,
        help_text="`next_start` waits for another job's machine instead of starting one.",
    )
    continue_from = serializers.CharField(
        required=False,
        help_text="The token of an earlier model, which the new one replaces if it is better.",
    )
    extend_dataset = serializers.CharField(
        required=False, help_text="The token of a kept dataset, to which this data is added."
    )
    max_minutes = serializers.IntegerField(
        required=False, min_value=1, help_text="Training is stopped after so long; the best model is kept."
    )
    notify_email = serializers.EmailField(
        required=False, help_text="Told once when the job ends, then forgotten; where the site can send mail."
    )
    notify_webhook = serializers.URLField(
        required=False,
        max_length=2_000,
        help_text="Gets one signed POST when the job ends; a public address.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A table",
            {"dataset": "messages.csv", "task_type": "textclassification", "task_name": "messages"},
            media_type="multipart/form-data",
        ),
        OpenApiExample(
            "Pictures, every hyperparameter chosen",
            {
                "dataset": "ants-and-bees.zip",
                "task_type": "imageclassification",
                "task_name": "ants and bees",
                "model": "resnet34",
                "optimizer": "adam",
                "learning_rate": 0.001,
                "batch_size": 32,
                "epochs": 10,
                "data_split": "80:20",
                "step_lr": {"step_size": 4, "gamma": 0.1},
            },
            media_type="multipart/form-data",
        ),
    ]
)
class SubmitSerializer(TrainSerializer):
    """POST jobs/ with a file."""

    dataset = serializers.FileField(help_text="A zip of class folders, or a table of sentences.")
    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_column = serializers.CharField(required=False)
    label_column = serializers.CharField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A checked dataset",
            {"dataset_token": "uq0cZcJ0yE0pYk3zq7H2aB", "task_name": "messages", "preset": "balanced"},
        )
    ]
)
class SubmitCheckedSerializer(TrainSerializer):
    """POST jobs/ with a dataset that POST datasets/ has checked."""

    dataset_token = serializers.CharField(help_text="The token that POST datasets/ answered.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A table",
            {"dataset": "messages.csv", "task_type": "textclassification"},
            media_type="multipart/form-data",
        )
    ]
)
class DatasetCheckSerializer(serializers.Serializer[Any]):
    """The fields of POST datasets/."""

    dataset = serializers.FileField()
    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_column = serializers.CharField(required=False)
    label_column = serializers.CharField(required=False)


class ClassCountSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # the wire has the same word as the base class
    count = serializers.IntegerField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A checked table",
            {
                "token": "uq0cZcJ0yE0pYk3zq7H2aB",
                "task_type": "textclassification",
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
    expires = serializers.SerializerMethodField(help_text="When it is forgotten unless a job uses it.")

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
        fields = (
            "epoch",
            "train_loss",
            "train_accuracy",
            "val_loss",
            "val_accuracy",
            "learning_rate",
            "seconds",
        )


_STRICT: list[tuple[type, tuple[type, ...], str]] = [
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.CharField, (str,), "text"),
    (serializers.IntegerField, (int, float), "a whole number"),
    (serializers.FloatField, (int, float), "a number"),
]
_JOB = {
    "token": "uq0cZcJ0yE0pYk3zq7H2aB",
    "task_type": "textclassification",
    "task_name": "messages",
    "preset": "balanced",
    "model_name": "bag_of_ngrams",
    "status": "training",
    "phase": "training",
    "progress": 0.4,
    "error": None,
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
}


@extend_schema_serializer(examples=[OpenApiExample("A job", _JOB, response_only=True)])
class JobSummarySerializer(serializers.ModelSerializer[Job]):
    """A job in a list; follow it by its token for epochs and place in the queue."""

    # What a list reads: not the configuration, which is long.
    COLUMNS = (
        "token", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress", "error",
        "accuracy", "created", "started", "finished",
    )  # fmt: skip
    progress = serializers.FloatField(min_value=0, max_value=1)
    error = serializers.SerializerMethodField(help_text="Why it failed, in a sentence; null otherwise.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            "token", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress", "error",
            "accuracy", "created", "started", "finished", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_error(self, job: Job) -> str | None:
        return job.error or None

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: Job) -> str:
        return reverse("api:job", args=[job.token], request=self.context.get("request"))


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A running job",
            _JOB | {"queue_position": None, "eta_seconds": 12.5, "epochs": [_EPOCH], "model_url": None},
            response_only=True,
        )
    ]
)
class JobSerializer(JobSummarySerializer):
    """A job as its owner sees it."""

    queue_position = serializers.IntegerField(allow_null=True, read_only=True)
    epochs = EpochSerializer(many=True, read_only=True)
    model_url = serializers.SerializerMethodField()
    waiting_reason = serializers.SerializerMethodField(
        help_text="Why it waits for more than its turn; empty otherwise."
    )
    comparison = serializers.DictField(
        allow_null=True,
        read_only=True,
        help_text="Where it continued a model: both on the same validation part; `verdict`, and `words`.",
    )
    quote = serializers.DictField(
        allow_null=True, read_only=True, help_text="What was estimated when it was submitted."
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
            "eta_seconds", "epochs", "error", "accuracy", "created", "started", "finished", "model_url", "url",
            "lane", "max_minutes", "waiting_reason", "quote", "comparison", "receipt", "training",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_model_url(self, job: Job) -> str | None:
        token = job.comparison["token"] if job.comparison else job.token
        if job.model_id is None and not job.comparison:
            return None
        return reverse("api:model", args=[token], request=self.context.get("request"))

    @extend_schema_field(serializers.CharField(allow_blank=True))
    def get_waiting_reason(self, job: Job) -> str:
        return waiting.reason(job)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_receipt(self, job: Job) -> dict[str, Any] | None:
        return receipts.receipt_of(job).to_json() if job.fence else None

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


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Busy",
            {
                "status": "active",
                "dev_mode": False,
                "queued": 2,
                "running": 1,
                "accepting": True,
                "notice": "",
            },
            response_only=True,
        )
    ]
)
class PlatformSummarySerializer(serializers.Serializer[Any]):
    """The state of the platform as everybody may see it."""

    status = serializers.ChoiceField(choices=["active", "sleeping"])
    dev_mode = serializers.BooleanField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    accepting = serializers.BooleanField()
    notice = serializers.CharField()


@extend_schema_serializer(
    examples=[OpenApiExample("Dev mode", {"dev_mode": True, "notice": "Back at noon."}, request_only=True)]
)
class PlatformChangeSerializer(serializers.ModelSerializer[PlatformStatus]):
    """What an operator may change."""

    def to_internal_value(self, data: Any) -> Any:
        """As the description says: the framework alone would take 0 for a sentence and "no" for false."""
        wrong = {
            name: [f"Give {words}."]
            for name, field in self.fields.items()
            for kind, allowed, words in _STRICT
            if isinstance(data, dict) and isinstance(field, kind) and name in data
            if not (data[name] is None and field.allow_null) and type(data[name]) not in allowed
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)

    class Meta:
        model = PlatformStatus
        fields = (
            "dev_mode", "notice", "queue_limit", "job_cap_minutes", "job_cap_cost", "day_cap_minutes", "day_cap_cost",
        )  # fmt: skip
        extra_kwargs: dict[str, dict[str, Any]] = {
            "job_cap_cost": {"min_value": 0},
            "day_cap_cost": {"min_value": 0},
        }


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "This machine",
            {"name": "local:flash", "driver": "local", "heartbeat": "2026-11-20T09:00:00Z"},
            response_only=True,
        )
    ]
)
class ServerSerializer(serializers.ModelSerializer[Server]):
    class Meta:
        model = Server
        fields = ("name", "driver", "heartbeat")
