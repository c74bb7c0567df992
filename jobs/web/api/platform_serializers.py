"""What goes over the wire about the platform and its servers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from jobs.models import PlatformStatus, Server
from jobs.web.known_fields import all_at_once
from modelstore.ground.problems import unknown_fields

_STRICT: list[tuple[type, tuple[type, ...], str]] = [
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.CharField, (str,), "text"),
    (serializers.IntegerField, (int, float), "a whole number"),
    (serializers.FloatField, (int, float), "a number"),
]


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
        if isinstance(data, dict):
            wrong |= unknown_fields(set(data), set(self.fields))
        return all_at_once(wrong, lambda: super(PlatformChangeSerializer, self).to_internal_value(data))

    def validate_notice(self, value: str) -> str:
        return value.strip()

    class Meta:
        model = PlatformStatus
        fields = (
            "dev_mode", "notice", "queue_limit", "job_cap_minutes", "job_cap_cost", "day_cap_minutes", "day_cap_cost",
        )  # fmt: skip
        extra_kwargs: dict[str, dict[str, Any]] = {
            # The length is that of what came, as described; blanks around it go afterwards.
            "notice": {"trim_whitespace": False},
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
