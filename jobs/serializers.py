"""What goes over the wire about datasets, jobs and the platform; the words are those of the API's description."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from jobs.models import Dataset, Epoch, Job, JobEvent, PlatformStatus, Server
from modelstore.models import TaskType
from training.catalog import CATALOG
from training.config import Preset


class _TrainSerializer(serializers.Serializer[Any]):
    """What a job may be told; hyperparameters are checked by the trainer's own rules, as on the site."""

    task_name = serializers.CharField(help_text="Letters, digits, hyphens and spaces.")
    preset = serializers.ChoiceField(choices=[preset.value for preset in Preset], required=False)
    model = serializers.ChoiceField(choices=list(CATALOG), required=False)
    optimizer = serializers.ChoiceField(choices=["sgd", "adam", "adamw"], required=False)
    learning_rate = serializers.FloatField(required=False)
    batch_size = serializers.IntegerField(required=False)
    epochs = serializers.IntegerField(required=False)
    data_split = serializers.CharField(required=False, help_text="The share that trains: 0.8, or 80:20.")
    reduce_lr_on_plateau = serializers.JSONField(required=False, help_text='{"factor", "patience", "min_lr"}')
    step_lr = serializers.JSONField(required=False, help_text='{"step_size", "gamma"}')
    pretrained = serializers.BooleanField(required=False, help_text="Start from ImageNet weights (pictures).")
    seed = serializers.IntegerField(required=False)
    early_stopping = serializers.IntegerField(
        required=False, help_text="Stop after so many epochs without gain."
    )
    class_weights = serializers.BooleanField(
        required=False,
        help_text="Let rare classes count as much as common ones; costs accuracy, gains recall.",
    )
    downloadable = serializers.BooleanField(required=False, default=True)
    keep_dataset = serializers.BooleanField(required=False, default=False)


class SubmitSerializer(_TrainSerializer):
    """POST jobs/ with a file."""

    dataset = serializers.FileField(help_text="A zip of class folders, or a table of sentences.")
    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_column = serializers.CharField(required=False)
    label_column = serializers.CharField(required=False)


class SubmitCheckedSerializer(_TrainSerializer):
    """POST jobs/ with a dataset that POST datasets/ has checked."""

    dataset_token = serializers.CharField(help_text="The token that POST datasets/ answered.")


class DatasetCheckSerializer(serializers.Serializer[Any]):
    """The fields of POST datasets/."""

    dataset = serializers.FileField()
    task_type = serializers.ChoiceField(choices=TaskType.choices)
    input_column = serializers.CharField(required=False)
    label_column = serializers.CharField(required=False)


class ClassCountSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # the wire has the same word as the base class
    count = serializers.IntegerField()


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


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as its owner sees it."""

    queue_position = serializers.IntegerField(allow_null=True, read_only=True)
    epochs = EpochSerializer(many=True, read_only=True)
    error = serializers.SerializerMethodField()
    model_url = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "token", "task_type", "task_name", "preset", "model_name", "status", "phase", "progress", "queue_position",
            "eta_seconds", "epochs", "error", "accuracy", "created", "started", "finished", "model_url", "url",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_error(self, job: Job) -> str | None:
        return job.error or None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_model_url(self, job: Job) -> str | None:
        if job.model_id is None:
            return None
        return reverse("api:model", args=[job.token], request=self.context.get("request"))

    @extend_schema_field(serializers.URLField())
    def get_url(self, job: Job) -> str:
        return reverse("api:job", args=[job.token], request=self.context.get("request"))


class JobEventSerializer(serializers.ModelSerializer[JobEvent]):
    class Meta:
        model = JobEvent
        fields = ("id", "kind", "message", "created")


class PlatformSummarySerializer(serializers.Serializer[Any]):
    """The state of the platform as everybody may see it."""

    status = serializers.ChoiceField(choices=["active", "sleeping"])
    dev_mode = serializers.BooleanField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    accepting = serializers.BooleanField()
    notice = serializers.CharField()


class PlatformChangeSerializer(serializers.ModelSerializer[PlatformStatus]):
    """What an operator may change."""

    class Meta:
        model = PlatformStatus
        fields = ("dev_mode", "notice", "queue_limit")


class ServerSerializer(serializers.ModelSerializer[Server]):
    class Meta:
        model = Server
        fields = ("name", "driver", "heartbeat")
