"""The words of models on the wire."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from modelstore.models import TrainedModel
from modelstore.predict_request import DEFAULT_TOP_K, MAX_TOP_K

# What of report.json is told; names of the user's own files are not.
METRICS = (
    "accuracy",
    "accuracy_interval",
    "majority_accuracy",
    "baseline",
    "calibration",
    "duplicates",
    "suspects",
    "train_count",
    "val_count",
    "best_epoch",
    "epochs",
    "confusion",
    "per_class",
    "warnings",
    "seconds",
    "device",
)

_PICTURE_ANSWER = {
    "predictions": [
        {
            "label": "bee",
            "probability": 0.974,
            "top": [{"label": "bee", "probability": 0.974}, {"label": "ant", "probability": 0.026}],
        }
    ]
}


class ModelSerializer(serializers.ModelSerializer):
    """A model; needs `request` and `policy` in its context."""

    classes = serializers.ListField(child=serializers.CharField(), help_text="In the order of the outputs.")
    accuracy = serializers.FloatField(help_text="Best validation accuracy, 0 to 1.")
    accuracy_interval = serializers.SerializerMethodField(help_text="Its 95 % interval: [low, high].")
    accuracy_plot = serializers.SerializerMethodField(help_text="Address of an SVG.")
    expires = serializers.SerializerMethodField(help_text="null: never.")
    metrics = serializers.SerializerMethodField(
        help_text="Curves, confusion matrix (rows are the true class), precision and recall per class."
    )

    class Meta:
        model = TrainedModel
        fields = (
            "token",
            "task_type",
            "task_name",
            "classes",
            "accuracy",
            "accuracy_interval",
            "accuracy_plot",
            "downloadable",
            "created",
            "expires",
            "metrics",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2))
    def get_accuracy_interval(self, model: TrainedModel) -> list[float]:
        return [model.accuracy_low, model.accuracy_high]

    @extend_schema_field(serializers.URLField())
    def get_accuracy_plot(self, model: TrainedModel) -> str:
        path = reverse("api:model-accuracy-plot", args=[model.token])
        return str(self.context["request"].build_absolute_uri(path))

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires(self, model: TrainedModel) -> Any:
        expires = model.expires(self.context["policy"])
        return None if expires is None else serializers.DateTimeField().to_representation(expires)

    @extend_schema_field(serializers.DictField())
    def get_metrics(self, model: TrainedModel) -> dict[str, Any]:
        return {name: _without_examples(model.report[name]) for name in METRICS if name in model.report}


def _without_examples(figures: Any) -> Any:
    if not isinstance(figures, dict):
        return figures
    return {name: value for name, value in figures.items() if not name.endswith("examples")}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Sentences", {"inputs": ["How far is it from Denver to Aspen?"], "top_k": 3}),
        OpenApiExample("Pictures", {"inputs": ["data:image/png;base64,iVBORw0KGgo..."]}),
    ]
)
class PredictJsonSerializer(serializers.Serializer):
    """Sentences, or pictures in base64 (data: URLs, too). For the schema; predict_request.py reads it."""

    inputs = serializers.ListField(child=serializers.CharField(), help_text="One or more.")
    top_k = serializers.IntegerField(
        min_value=1, max_value=MAX_TOP_K, default=DEFAULT_TOP_K, help_text="How many labels per input."
    )


class PredictFilesSerializer(serializers.Serializer):
    """One or more pictures in the field `image`. For the schema; predict_request.py reads it."""

    image = serializers.ListField(
        child=serializers.FileField(), help_text="Repeat the field for more pictures."
    )
    top_k = serializers.IntegerField(min_value=1, max_value=MAX_TOP_K, default=DEFAULT_TOP_K)


class LabelSerializer(serializers.Serializer):
    """One label and its probability."""

    # Serializer.label is the field's caption; the wire's word is declared in get_fields.
    probability = serializers.FloatField(min_value=0, max_value=1)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"label": serializers.CharField(), **super().get_fields()}


class PredictionSerializer(LabelSerializer):
    """The likeliest label of one input, and the `top_k` likeliest."""

    top = LabelSerializer(many=True)


@extend_schema_serializer(examples=[OpenApiExample("One picture", _PICTURE_ANSWER, response_only=True)])
class PredictionsSerializer(serializers.Serializer):
    """The answers, in the order of the inputs."""

    predictions = PredictionSerializer(many=True)


class ProblemSerializer(serializers.Serializer):
    """RFC 9457 problem details; `code` is stable, `detail` is a sentence that says what to do."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `errors` is also an attribute of every serializer; only as a field is it the wire's word.
        sentences = serializers.ListField(child=serializers.CharField())
        return {**super().get_fields(), "errors": serializers.DictField(child=sentences, required=False)}
