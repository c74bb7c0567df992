"""What goes over the wire about measurements."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobs.models import BatchPrediction
from jobs.submitting import reading_option_fields
from jobs.web.api.submission_serializers import ACCEPT_GUESSES
from jobs.web.batches.serializers import RowSerializer

_FIGURES = {
    "score": {"name": "accuracy", "value": 0.8, "low": 0.375535, "high": 0.963776},
    "count": 5,
    "sources": 5,
    "seen": {
        "count": 1,
        "score": {"name": "accuracy", "value": 0.75, "low": 0.300642, "high": 0.954413},
    },
    "unread": 0,
    "unknown": {"count": 1, "classes": [{"label": "so so", "count": 1}]},
    "majority_accuracy": 0.6,
    "per_class": [
        {"label": "bad", "precision": 1.0, "recall": 0.666667, "f1": 0.8, "support": 3},
        {"label": "good", "precision": 0.666667, "recall": 1.0, "f1": 0.8, "support": 2},
    ],
    "confusion": [[2, 1], [0, 2]],
    "confused": [{"truth": "bad", "predicted": "good", "count": 1, "share": 0.333333}],
    "mistakes": [
        {
            "names": {"text": "lovely but we left early"},
            "truth": "bad",
            "label": "good",
            "probability": 0.98,
            "thumbnail": None,
        }
    ],
}
_EXAMPLE = {
    "token": "e5Vc0pyM3T0someWhereSafe",
    "url": "https://flash.example/api/v1/models/TOKEN/evaluations/EVALUATION/",
    "name": "evening.csv",
    "status": "done",
    "progress": 1.0,
    "total": 6,
    "done": 6,
    "eta_seconds": None,
    "queue_position": None,
    "error": "",
    "reading": {
        "options": {"label_column": "mood"},
        "input_columns": ["remark"],
        "label_column": "mood",
        "skipped_count": 0,
        "repairs": [],
        "skipped": [],
        "warnings": [],
    },
    "evaluation": _FIGURES,
    "results": {
        "csv": "https://flash.example/api/v1/models/TOKEN/evaluations/EVALUATION/results/?format=csv"
    },
    "created": "2026-01-02T03:04:05Z",
    "started": "2026-01-02T03:04:06Z",
    "finished": "2026-01-02T03:05:06Z",
    "expires": "2026-01-02T05:04:05Z",
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A table",
            {"file": "evening.csv", "label_column": "mood"},
            media_type="multipart/form-data",
        )
    ]
)
class EvaluationRequestSerializer(serializers.Serializer[Any]):
    """The fields of POST evaluations/."""

    file = serializers.FileField(
        help_text="Samples with their classes, in any form that can be trained with."
    )
    accept_guesses = serializers.BooleanField(required=False, default=False, help_text=ACCEPT_GUESSES)

    def get_fields(self) -> dict[str, Any]:
        """Those above, and the options of reading."""
        return super().get_fields() | reading_option_fields.serializer_fields()


class _ScoreSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(
        allow_null=True,
        help_text="Lower end of where it very likely (95 %) is on as many new samples; null: too few sources to say.",
    )
    high = serializers.FloatField(allow_null=True, help_text="The upper end.")


class _LabelledSerializer(serializers.Serializer[Any]):
    """With `label`, which is also an attribute of every serializer; only as a field is it the wire's word."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """It comes first."""
        return {"label": serializers.CharField(), **super().get_fields()}


class _CountSerializer(_LabelledSerializer):
    count = serializers.IntegerField()


class _UnknownSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    classes = _CountSerializer(many=True, help_text="At most 100, the most frequent first.")


class _ClassSerializer(_LabelledSerializer):
    precision = serializers.FloatField()
    recall = serializers.FloatField()
    f1 = serializers.FloatField()
    support = serializers.IntegerField(
        help_text="How many samples of the class there are; of 0, recall means nothing."
    )


class _PairSerializer(serializers.Serializer[Any]):
    truth = serializers.CharField()
    predicted = serializers.CharField()
    count = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of all samples of the true class.")


class _MistakeSerializer(_LabelledSerializer):
    names = serializers.DictField(help_text="Which sample: `file`, or the beginning of its `text`.")
    truth = serializers.CharField()
    probability = serializers.FloatField()
    thumbnail = serializers.CharField(allow_null=True, help_text="A small copy of a picture, as a data URI.")


class _SeenSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    score = _ScoreSerializer(
        allow_null=True, help_text="Of the others alone; null where there are none, or no other ones."
    )


class FiguresSerializer(serializers.Serializer[Any]):
    """The figures of a measurement."""

    score = _ScoreSerializer()
    count = serializers.IntegerField(help_text="How many samples the figures are of.")
    sources = serializers.IntegerField(
        required=False,
        help_text="From how many sources these come: near-duplicates and given groups are one.",
    )
    seen = _SeenSerializer(
        required=False,
        allow_null=True,
        help_text="How many are nearly the same as some of the training, and the score without these; null: not known.",
    )
    unread = serializers.IntegerField(help_text="Samples that could not be predicted: in no figure.")
    unknown = _UnknownSerializer(help_text="Samples of classes that the model does not have: in no figure.")
    majority_accuracy = serializers.FloatField(
        required=False, help_text="What always answering the commonest class would score."
    )
    per_class = _ClassSerializer(many=True, required=False)
    confusion = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        required=False,
        allow_null=True,
        help_text="Rows: the true class, columns: the answer, in the order of `per_class`; null above 100 classes.",
    )
    confused = _PairSerializer(many=True, required=False, help_text="The most common mistakes.")
    mistakes = _MistakeSerializer(many=True, help_text="The wrong answers of which the model was surest.")


@extend_schema_serializer(examples=[OpenApiExample("Done", _EXAMPLE, response_only=True)])
class EvaluationSerializer(RowSerializer):
    """A measurement."""

    page = "evaluation"
    reading = serializers.DictField(
        help_text="How the file was read: options, columns, and what was repaired or left out (20 notes at most)."
    )
    evaluation = FiguresSerializer(allow_null=True, help_text="Null until it is done.")

    class Meta:
        model = BatchPrediction
        fields = tuple(_EXAMPLE)
        read_only_fields = fields
