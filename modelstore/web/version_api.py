"""The JSON API of a model's versions, and of what a new one must keep."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from modelstore.access import get_model
from modelstore.bundles import versions
from modelstore.bundles.versions import Version
from modelstore.lifetime import takeover_rules
from modelstore.models import TrainedModel
from modelstore.prediction import predict_request
from modelstore.web.api import GONE, STORAGE, TokenView, problem
from modelstore.web.serializers import ScoreSerializer

_CHANGE = {403: problem("not_changeable: an operator pinned it"), **GONE}


_VERSION = {
    "number": 2,
    "answers": False,
    "answered": False,
    "trained": "2026-11-30T10:00:00Z",
    "score": {"name": "accuracy", "value": 0.93, "low": 0.9, "high": 0.95},
    "comparison": {
        "samples": 300, "same_samples": 300, "score": "accuracy", "before": 0.94, "after": 0.93, "new_classes": [],
        "lost_classes": [], "chance_of_loss": 0.38, "most_lost": None, "must_pass": 1, "must_pass_failed": [],
        "flips": {"count": 11, "lost": 7, "won": 4}, "refused": "lower", "wins": False,
    },
}  # fmt: skip
_FIRST = _VERSION | {"number": 1, "answers": True, "answered": True, "comparison": None}
_FLIP = {
    "source": "row 12: my card was kept",
    "label": "lost card",
    "before": "lost card",
    "after": "stolen card",
}
_WHOLE = _VERSION | {
    "comparison": _VERSION["comparison"] | {"flips": {"count": 11, "lost": 7, "won": 4, "rows": [_FLIP]}}  # type: ignore[operator]
}
_MUST_PASS = {"id": 5, "label": "refund", "text": "my money back", "name": ""}


@extend_schema_serializer(examples=[OpenApiExample("A version", _WHOLE, response_only=True)])
class ModelVersionSerializer(serializers.Serializer):
    """One version of a model."""

    number = serializers.IntegerField(help_text="Counted for each model, in the order of their training.")
    answers = serializers.BooleanField(help_text="Whether it is the one that predicts.")
    answered = serializers.BooleanField(help_text="Whether it ever was.")
    trained = serializers.DateTimeField()
    score = ScoreSerializer()
    comparison = serializers.DictField(
        allow_null=True,
        help_text="Beside the version that it was trained to replace, on the same samples; `flips` are those answered "
        "differently, `refused` says why it did not take over.",
    )


@extend_schema_serializer(
    examples=[OpenApiExample("Two versions", {"versions": [_VERSION, _FIRST]}, response_only=True)]
)
class ModelVersionsSerializer(serializers.Serializer):
    """All versions that are kept."""

    versions = ModelVersionSerializer(many=True)


class MustPassSerializer(serializers.Serializer):
    """An example that each new version must answer rightly."""

    id = serializers.IntegerField(source="pk")
    label = serializers.CharField(help_text="What it has to answer.")  # type: ignore[assignment]
    text = serializers.CharField(help_text="The sentence; empty where it is a file.")
    name = serializers.CharField(help_text="Of the file.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "What is asked", {"most_class_loss": 0.2, "must_pass": [_MUST_PASS]}, response_only=True
        ),
        OpenApiExample("No class may lose more than a tenth", {"most_class_loss": 0.1}, request_only=True),
    ]
)
class RulesSerializer(serializers.Serializer):
    """What a new version must keep to take over."""

    most_class_loss = serializers.FloatField(
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="How much of the recall of any class it may lose; null: any of it.",
    )
    must_pass = MustPassSerializer(many=True, read_only=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("A sentence", {"label": "refund", "inputs": ["my money back"]}, request_only=True)
    ]
)
class MustPassRequestSerializer(serializers.Serializer):
    """What to add."""

    label = serializers.CharField()  # type: ignore[assignment]
    inputs = serializers.ListField(
        min_length=1, max_length=1, help_text="One sentence, or one picture as base64, as in predict/."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample("It passes", _MUST_PASS | {"answer": "refund", "passes": True}, response_only=True)
    ]
)
class MustPassAnswerSerializer(MustPassSerializer):
    """What was added, and what the version that answers says about it."""

    answer = serializers.CharField()
    passes = serializers.BooleanField()


class ModelVersionsView(TokenView):
    """The versions of one model."""

    @extend_schema(
        operation_id="model_versions", tags=["models"], responses={200: ModelVersionsSerializer, **GONE}
    )
    def get(self, request: Request, token: str) -> Response:
        """Those that are kept, the latest first; one of them predicts."""
        found = versions.versions_of(get_model(token))
        return Response({"versions": [_told(version) for version in found]})


class ModelVersionView(TokenView):
    """One version."""

    @extend_schema(
        operation_id="model_version",
        tags=["models"],
        responses={200: ModelVersionSerializer, **GONE, 404: problem("model_not_found, version_not_found")},
    )
    def get(self, request: Request, token: str, number: int) -> Response:
        """One version with the samples that it answers differently, up to 200, in `comparison.flips.rows`."""
        return Response(_told(versions.version_of(get_model(token), number), whole=True))


class ModelPromoteView(TokenView):
    """Which version predicts."""

    @extend_schema(
        operation_id="model_version_promote",
        tags=["models"],
        request=None,
        responses={
            200: ModelVersionsSerializer,
            **_CHANGE,
            404: problem("model_not_found, version_not_found"),
        },
    )
    def post(self, request: Request, token: str, number: int) -> Response:
        """Lets this version predict from now on; the one that did is kept. So a new version can be taken back."""
        model = get_model(token)
        takeover_rules.check_changeable(model)
        found = versions.promote(model=model, number=number)
        return Response({"versions": [_told(version) for version in versions.versions_of(found)]})


class ModelRulesView(TokenView):
    """What a new version must keep."""

    parser_classes = (JSONParser,)

    @extend_schema(operation_id="rules", tags=["models"], responses={200: RulesSerializer, **GONE})
    def get(self, request: Request, token: str) -> Response:
        """What a new version must keep to take over, besides being no worse on the same samples."""
        return Response(_rules(get_model(token)))

    @extend_schema(
        operation_id="rules_change",
        tags=["models"],
        request=RulesSerializer,
        responses={200: RulesSerializer, 400: problem("rule_invalid"), **_CHANGE},
    )
    def put(self, request: Request, token: str) -> Response:
        """Changes how much of a class a new version may lose."""
        model = get_model(token)
        asked = RulesSerializer(data=request.data)
        if not asked.is_valid():
            raise takeover_rules.RuleInvalid(
                "`most_class_loss` must be a number from 0 to 1, or null.",
                fields={name: list(map(str, words)) for name, words in asked.errors.items()},
            )
        takeover_rules.set_most_class_loss(model=model, share=asked.validated_data["most_class_loss"])
        return Response(_rules(model))


class ModelMustPassView(TokenView):
    """Examples that must pass."""

    throttle_scope = "predict"
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="must_pass_add",
        tags=["models"],
        request=MustPassRequestSerializer,
        responses={
            201: MustPassAnswerSerializer,
            400: problem("rule_invalid, inputs_invalid, parse_error"),
            413: problem("input_too_large"),
            422: problem("input_unreadable"),
            **_CHANGE,
            **STORAGE,
        },
    )
    def post(self, request: Request, token: str) -> Response:
        """Adds one example that each new version must answer with `label`; says whether the present one does."""
        model = get_model(token)
        data = dict(request.data) if isinstance(request.data, dict) else {}
        label = data.pop("label", None)
        if not isinstance(label, str):
            raise takeover_rules.RuleInvalid(
                "Send `label`, the right answer, and `inputs` with one sentence or picture.",
                fields={"label": ["This is missing, or no text."]},
            )
        asked = predict_request.read_json(data, task_type=model.task_type, limits=settings.FLASH_LIMITS)
        if len(asked.inputs) != 1:
            raise takeover_rules.RuleInvalid(
                "Send one input at a time, with its label.", fields={"inputs": ["There must be just one."]}
            )
        (added,) = takeover_rules.add_examples(model=model, values=asked.inputs, label=label)
        told = MustPassSerializer(added.example).data | {"answer": added.answer, "passes": added.passes}
        return Response(told, status=201)


class ModelMustPassRemoveView(TokenView):
    """One example that must pass."""

    @extend_schema(
        operation_id="must_pass_remove",
        tags=["models"],
        responses={204: None, **_CHANGE, 404: problem("model_not_found, rule_not_found")},
    )
    def delete(self, request: Request, token: str, pk: int) -> Response:
        """Removes it."""
        takeover_rules.remove_example(model=get_model(token), pk=pk)
        return Response(status=204)


def _told(version: Version, *, whole: bool = False) -> dict[str, Any]:
    comparison = version.comparison
    if comparison is not None and not whole:
        flips = {name: value for name, value in version.flips.items() if name != "rows"}
        comparison = comparison | {"flips": flips}
    return {
        "number": version.number,
        "answers": version.answers,
        "answered": version.answered,
        "trained": version.trained,
        "score": ScoreSerializer(version.bundle.score).data,
        "comparison": comparison,
    }


def _rules(model: TrainedModel) -> Any:
    told = {"most_class_loss": model.most_class_loss, "must_pass": model.must_pass.order_by("pk")}
    return RulesSerializer(told).data
