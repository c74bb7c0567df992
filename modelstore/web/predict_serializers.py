"""What may be asked of a model, for the schema of the API: put together from all kinds of tasks.

`modelstore.prediction.predict_request` reads the requests.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from modelstore.prediction.contract import inputs_of
from modelstore.prediction.predict_request import DEFAULT_TOP_K, MAX_TOP_K, MOST_EXPLAINED
from training.kinds import KINDS

_EXPLAIN = f"Say what weighed most; at most {MOST_EXPLAINED} inputs at a time."


# Examples are fixed when this is imported, after the kinds in FLASH_KINDS; fields are asked for with each description.
_JSON_EXAMPLES = [
    OpenApiExample(kind.words.title, {"inputs": list(inputs_of(task).JSON_SCHEMA["examples"][:1])})
    for task, kind in KINDS.items()
]
_FILE_EXAMPLES = [
    OpenApiExample(
        kind.words.title, {field: [kind.words.example], "top_k": 3}, media_type="multipart/form-data"
    )
    for task, kind in KINDS.items()
    if (field := inputs_of(task).FILES)
]


class _PredictSerializer(serializers.Serializer):
    """The options of both forms of a request."""

    top_k = serializers.IntegerField(
        min_value=1, max_value=MAX_TOP_K, default=DEFAULT_TOP_K, help_text="How many labels per input."
    )
    threshold = serializers.FloatField(
        min_value=0, max_value=1, required=False, allow_null=True, help_text="Answers below it are `unsure`."
    )
    explain = serializers.BooleanField(default=False, help_text=_EXPLAIN)


@extend_schema_serializer(examples=_JSON_EXAMPLES)
class PredictJsonSerializer(_PredictSerializer):
    """Inputs as JSON, each as the model's kind of task writes it."""

    def get_fields(self) -> dict[str, serializers.Field]:
        entries = [dict(inputs_of(task).JSON_SCHEMA) for task in KINDS]
        schema = {
            "type": "array",
            "items": entries[0] if len(entries) == 1 else {"anyOf": entries},
            "description": "One or more, even of a single input.",
        }
        inputs: Any = serializers.ListField()
        return {"inputs": extend_schema_field(schema)(inputs), **super().get_fields()}


@extend_schema_serializer(examples=_FILE_EXAMPLES)
class PredictFilesSerializer(_PredictSerializer):
    """Files, in the field of the model's kind of task."""

    threshold = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="Answers below it are `unsure`."
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        taken = {found.FILES: found.FILES_HELP for task in KINDS if (found := inputs_of(task)).FILES}
        return {
            name: serializers.ListField(
                child=serializers.FileField(), required=len(taken) == 1, help_text=words
            )
            for name, words in taken.items()
        } | super().get_fields()
