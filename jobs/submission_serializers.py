"""What a dataset's check and a job's submission may say; the words are those of the API's description."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobs.models import Lane
from modelstore.models import TaskType
from training.kinds import CATALOG, Preset

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
    input_column = serializers.CharField(required=False, allow_blank=True)
    label_column = serializers.CharField(required=False, allow_blank=True)


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
    input_column = serializers.CharField(required=False, allow_blank=True)
    label_column = serializers.CharField(required=False, allow_blank=True)
