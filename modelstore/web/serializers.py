"""The words of models on the wire."""

from typing import Any, Protocol, cast

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from modelstore.api_keys import key_of
from modelstore.ground import sealing
from modelstore.models import TrainedModel
from modelstore.web.task_field import A_ZIP

# What of report.json is told; names of the user's own files are not.
METRICS = (
    "score",
    "accuracy",
    "accuracy_interval",
    "majority_accuracy",
    "baseline",
    "calibration",
    "duplicates",
    "suspects",
    "train_count",
    "val_count",
    "folds",
    "test",
    "sources",
    "best_epoch",
    "epochs",
    "confusion",
    "per_class",
    "macro_f1",
    "mean_average_precision",
    "all_right",
    "ordered",
    "thresholds",
    "outside",
    "search",
    "collect",
    "slices",
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


_MODEL = {
    "token": "uq0cZcJ0yE0pYk3zq7H2aB",
    "task_type": A_ZIP,
    "task_name": "ants and bees",
    "model_name": "mobilenet_v2",
    "classes": ["ant", "bee"],
    "score": {"name": "accuracy", "value": 0.935, "low": 0.889, "high": 0.963},
    "test_score": None,
    "accuracy": 0.935,
    "accuracy_interval": [0.889, 0.963],
    "accuracy_plot": "http://localhost:8000/api/v1/models/uq0cZcJ0yE0pYk3zq7H2aB/accuracy.svg",
    "downloadable": True,
    "model_filename": "http://localhost:8000/api/v1/models/uq0cZcJ0yE0pYk3zq7H2aB/download/?format=pytorch",
    "model_filename_onnx": "http://localhost:8000/api/v1/models/uq0cZcJ0yE0pYk3zq7H2aB/download/?format=onnx",
    "created": "2026-11-20T09:00:40Z",
    "expires": "2026-11-20T11:00:40Z",
}

_REPORT = "http://localhost:8000/api/v1/models/uq0cZcJ0yE0pYk3zq7H2aB/report.html"
_METRICS = {
    "accuracy": 0.935,
    "majority_accuracy": 0.5,
    "confusion": [[58, 4], [4, 57]],
    "per_class": [{"label": "ant", "precision": 0.935, "recall": 0.935, "f1": 0.935, "support": 62}],
}


class ScoreSerializer(serializers.Serializer):
    """How good a model is: `name` is "accuracy" where each sample has one label."""

    name = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(
        allow_null=True, help_text="Lower end of its 95 % interval, see accuracy_interval."
    )
    high = serializers.FloatField(allow_null=True, help_text="Upper end of its 95 % interval.")


class Listed(Protocol):
    """What a list knows of a model besides its own columns: the API key that its job was sent with, and its token."""

    sent_with: int | None
    sealed_token: str


@extend_schema_serializer(examples=[OpenApiExample("A model", {"id": 17} | _MODEL, response_only=True)])
class ModelSummarySerializer(serializers.ModelSerializer):
    """A model in a list; needs `request` and `policy` in its context.

    The token is told to the key that its job was sent with, and with it the addresses: of all others the site has a
    hash alone.
    """

    # What a list reads: not report and manifest, which are long.
    COLUMNS = (
        "task_type", "task_name", "model_name", "classes", "accuracy", "accuracy_low", "accuracy_high",
        "score_name", "score_value", "score_low", "score_high", "test_value", "test_low", "test_high",
        "downloadable", "created", "pinned", "expires_override",
    )  # fmt: skip
    token = serializers.SerializerMethodField(help_text="null: its job was not sent with this key.")
    classes = serializers.ListField(child=serializers.CharField(), help_text="In the order of the outputs.")
    score = ScoreSerializer(help_text="How good it is on the validation part.")
    test_score = ScoreSerializer(
        allow_null=True, help_text="On the test part that the upload named; null without one."
    )
    accuracy = serializers.FloatField(
        allow_null=True, help_text="Best validation accuracy, 0 to 1; null where the score is different."
    )
    accuracy_interval = serializers.SerializerMethodField(
        help_text="[low, high]: where it very likely (95 %) is on as many new samples; null: too few sources to say."
    )
    accuracy_plot = serializers.SerializerMethodField(help_text="Address of an SVG; null where the token is.")
    expires = serializers.SerializerMethodField(help_text="null: never.")
    model_filename = serializers.SerializerMethodField(
        help_text="Address of the PyTorch weights; null: not downloadable."
    )
    model_filename_onnx = serializers.SerializerMethodField(
        help_text="Address of the ONNX file; null: not downloadable."
    )

    class Meta:
        model = TrainedModel
        fields: tuple[str, ...] = ("id", *_MODEL)
        read_only_fields = fields

    @extend_schema_field(
        serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True)
    )
    def get_accuracy_interval(self, model: TrainedModel) -> list[float] | None:
        if model.accuracy_low is None or model.accuracy_high is None:
            return None
        return [model.accuracy_low, model.accuracy_high]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_token(self, model: TrainedModel) -> str | None:
        key, row = key_of(self.context["request"]), cast(Listed, model)
        if key is None or row.sent_with != key.pk:
            return None
        return sealing.unseal(row.sealed_token, sealing.site_key()) or None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_accuracy_plot(self, model: TrainedModel) -> str | None:
        return self._address("api:model-accuracy-plot", model)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_model_filename(self, model: TrainedModel) -> str | None:
        return self._download(model, "pytorch")

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_model_filename_onnx(self, model: TrainedModel) -> str | None:
        return self._download(model, "onnx")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires(self, model: TrainedModel) -> Any:
        expires = model.expires(self.context["policy"])
        return None if expires is None else serializers.DateTimeField().to_representation(expires)

    def _address(self, name: str, model: TrainedModel) -> str | None:
        token = self.get_token(model)
        return self.context["request"].build_absolute_uri(reverse(name, args=[token])) if token else None

    def _download(self, model: TrainedModel, format: str) -> str | None:
        address = self._address("api:model-download", model) if model.downloadable else None
        return address and f"{address}?format={format}"


@extend_schema_serializer(
    examples=[
        OpenApiExample("A model", _MODEL | {"report_file": _REPORT, "metrics": _METRICS}, response_only=True)
    ]
)
class ModelSerializer(ModelSummarySerializer):
    """A model; needs `request` and `policy` in its context."""

    token = serializers.SerializerMethodField()
    accuracy_plot = serializers.SerializerMethodField(help_text="Address of an SVG.")
    report_file = serializers.SerializerMethodField(help_text="Address of the report as one HTML file.")
    metrics = serializers.SerializerMethodField(
        help_text="Curves, confusion matrix (rows are the true class), precision and recall per class."
    )

    class Meta(ModelSummarySerializer.Meta):
        fields = (*_MODEL, "report_file", "metrics")
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_token(self, model: TrainedModel) -> str:
        return model.token

    @extend_schema_field(serializers.URLField())
    def get_accuracy_plot(self, model: TrainedModel) -> str | None:
        return super().get_accuracy_plot(model)

    @extend_schema_field(serializers.URLField())
    def get_report_file(self, model: TrainedModel) -> str | None:
        return self._address("api:model-report", model)

    @extend_schema_field(serializers.DictField())
    def get_metrics(self, model: TrainedModel) -> dict[str, Any]:
        return {name: _without_examples(model.report[name]) for name in METRICS if name in model.report}


def _without_examples(figures: Any) -> Any:
    if not isinstance(figures, dict):
        return figures
    return {name: value for name, value in figures.items() if not name.endswith("examples")}


class LabelSerializer(serializers.Serializer):
    """One label and its probability."""

    # Serializer.label is the field's caption; the wire's word is declared in get_fields.
    probability = serializers.FloatField(min_value=0, max_value=1)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"label": serializers.CharField(), **super().get_fields()}


class WordSerializer(serializers.Serializer):
    """A word of a sentence."""

    text = serializers.CharField()
    weight = serializers.FloatField(help_text="How much the log odds of the label fall without it.")


class ExplanationSerializer(serializers.Serializer):
    """Why: what happens to the answer when each part of the input is hidden."""

    words = WordSerializer(many=True, required=False)
    grid = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        required=False,
        help_text="Rows of overlapping squares of the picture's middle: as `weight` of a word.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"label": serializers.CharField(), **super().get_fields()}


class PredictionSerializer(LabelSerializer):
    """The likeliest label of one input, and the `top_k` likeliest."""

    top = LabelSerializer(many=True)
    labels = LabelSerializer(
        many=True,
        required=False,
        help_text="Of models with any number of labels a sample: all that are as likely as their threshold, perhaps "
        "none; `label` is the likeliest all the same.",
    )
    outside = serializers.BooleanField(
        required=False,
        help_text="Whether it is probably about none of the classes; only models have it that can tell.",
    )
    unsure = serializers.BooleanField(required=False, help_text="Where a threshold was given.")
    explanation = ExplanationSerializer(required=False)


@extend_schema_serializer(examples=[OpenApiExample("One picture", _PICTURE_ANSWER, response_only=True)])
class PredictionsSerializer(serializers.Serializer):
    """The answers, in the order of the inputs."""

    predictions = PredictionSerializer(many=True)


class ProblemSerializer(serializers.Serializer):
    """RFC 9457 problem details; `code` is stable, `detail` is a sentence that says what to do."""

    type = serializers.CharField(help_text="urn:flash:problem: and the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `errors` is also an attribute of every serializer; only as a field is it the wire's word.
        sentences = serializers.ListField(child=serializers.CharField())
        return {
            **super().get_fields(),
            "errors": serializers.DictField(
                child=sentences, required=False, help_text="Sentences for each wrong field."
            ),
            "notes": serializers.ListField(
                child=serializers.JSONField(), required=False, help_text="Findings: file or row, and what."
            ),
            "questions": serializers.ListField(
                child=serializers.DictField(),
                required=False,
                help_text="Of needs_choice: field, message, guess and choices of what is open about a dataset.",
            ),
            "token": serializers.CharField(
                required=False, help_text="Of needs_choice: the dataset, which stays; answer with PATCH."
            ),
            "retry_after": serializers.IntegerField(
                required=False, help_text="Seconds; also in the header Retry-After."
            ),
            "request_id": serializers.CharField(
                required=False,
                help_text="Of 5xx: what the operator finds it by in the log; also in the header X-Request-ID.",
            ),
        }
