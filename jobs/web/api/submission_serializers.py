"""What a dataset's check and a job's submission may say; the words are those of the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobs.models import Lane
from jobs.submitting import reading_option_fields
from jobs.submitting.hyperparameter_fields import serializer_fields
from jobs.web.known_fields import KnownFieldsOnly
from modelstore.ground import naming
from modelstore.web.task_field import A_TABLE, A_ZIP, TaskField
from training.ground import hyperparameters

ACCEPT_GUESSES = "Take what was guessed where something is open, instead of answering 422 needs_choice."


class TrainSerializer(serializers.Serializer[Any]):
    """What a job may be told; hyperparameters are checked by the trainer's own rules, as on the site."""

    task_name = serializers.RegexField(
        naming.PATTERN, required=False, max_length=naming.MAX_LENGTH, help_text=naming.RULE
    )
    num_classes = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="The job is refused when the data has a different number of classes.",
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
        help_text="The token of an earlier model, which the new one replaces unless it is worse.",
    )
    extend_dataset = serializers.CharField(
        required=False, help_text="The token of a kept dataset, to which this data is added."
    )
    max_minutes = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="Training is stopped after this many minutes; the best model so far is kept.",
    )
    max_money = serializers.FloatField(
        required=False,
        help_text="The same by what it costs at most, in the site's currency; only where machines have a price.",
    )
    notify_email = serializers.EmailField(
        required=False,
        help_text="Notified once when the job ends, then forgotten; only where the site can send mail.",
    )
    notify_webhook = serializers.URLField(
        required=False,
        max_length=2_000,
        help_text="Gets one signed POST when the job ends; a public address.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Those above, and every hyperparameter."""
        return super().get_fields() | serializer_fields(hyperparameters.HYPERPARAMETERS)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A table",
            {"dataset": "messages.csv", "task_type": A_TABLE, "task_name": "messages"},
            media_type="multipart/form-data",
        ),
        OpenApiExample(
            "Pictures, every hyperparameter chosen",
            {
                "dataset": "ants-and-bees.zip",
                "task_type": A_ZIP,
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
    task_type = TaskField()
    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)

    def get_fields(self) -> dict[str, Any]:
        """Those above, and the options of reading."""
        return super().get_fields() | reading_option_fields.serializer_fields()


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
    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A table",
            {"dataset": "messages.csv", "task_type": A_TABLE},
            media_type="multipart/form-data",
        )
    ]
)
class DatasetCheckSerializer(KnownFieldsOnly):
    """The fields of POST datasets/."""

    dataset = serializers.FileField()
    task_type = TaskField()
    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)

    def get_fields(self) -> dict[str, Any]:
        """Those above, and the options of reading."""
        return super().get_fields() | reading_option_fields.serializer_fields()


@extend_schema_serializer(
    examples=[
        OpenApiExample("Another label", {"label_column": "topic"}, request_only=True),
        OpenApiExample("As found", {"accept_guesses": True}, request_only=True),
    ]
)
class DatasetChangeSerializer(KnownFieldsOnly):
    """The fields of PATCH datasets/TOKEN/: options that are not named stay; null or "" takes one back."""

    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)

    def get_fields(self) -> dict[str, Any]:
        """Those above, and the options of reading."""
        fields = reading_option_fields.serializer_fields()
        for field in fields.values():
            field.allow_null = True
        return super().get_fields() | fields
