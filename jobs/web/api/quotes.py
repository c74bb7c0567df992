"""The JSON API of quotes: what a job would take, before anything is uploaded or submitted."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.models import Lane
from jobs.money.quotes import Quoter
from jobs.submitting import submission
from jobs.web import submit_request
from jobs.web.api.submission_serializers import TrainSerializer
from modelstore.web.task_field import A_TABLE, TaskField

_MOST_SAMPLES = 100_000_000


@extend_schema_serializer(
    examples=[
        OpenApiExample("Before an upload", {"task_type": A_TABLE, "samples": 5000}),
        OpenApiExample("A checked dataset", {"dataset_token": "uq0cZcJ0yE0pYk3zq7H2aB", "preset": "best"}),
    ]
)
class QuoteRequestSerializer(TrainSerializer):
    """As for POST jobs/, but without a name; with `dataset_token`, or with `task_type` and `samples`."""

    task_name = None  # type: ignore[assignment]
    downloadable = None  # type: ignore[assignment]
    keep_dataset = None  # type: ignore[assignment]
    dataset_token = serializers.CharField(required=False, help_text="The token that POST datasets/ answered.")
    task_type = TaskField(required=False)
    samples = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_SAMPLES)


class RangeSerializer(serializers.Serializer[Any]):
    """Nine jobs in ten end between `low` and `high`."""

    low = serializers.FloatField()
    expected = serializers.FloatField()
    high = serializers.FloatField()


class TimesSerializer(serializers.Serializer[Any]):
    low = serializers.DateTimeField()
    expected = serializers.DateTimeField()
    high = serializers.DateTimeField()


_TIMES = {
    "low": "2026-11-20T09:00:20Z",
    "expected": "2026-11-20T09:00:40Z",
    "high": "2026-11-20T09:01:30Z",
}
_NONE = {"low": 0.0, "expected": 0.0, "high": 0.0}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "On this machine",
            {
                "basis": "history",
                "past_jobs": 12,
                "server": "local",
                "lane": "now",
                "start": _TIMES,
                "end": _TIMES,
                "wait_seconds": _NONE,
                "boot_seconds": _NONE,
                "training_seconds": {"low": 18.0, "expected": 30.0, "high": 55.0},
                "idle_seconds": _NONE,
                "cost": None,
                "currency": "USD",
                "price_per_hour": None,
                "cap_seconds": None,
                "stopped_by_cap": False,
                "slowdown": 1.0,
            },
            response_only=True,
        )
    ]
)
class QuoteSerializer(serializers.Serializer[Any]):
    """An estimate. `basis` "rough": no job like it has run on such a machine yet."""

    basis = serializers.ChoiceField(choices=["history", "rough"])
    past_jobs = serializers.IntegerField(min_value=0)
    server = serializers.CharField(help_text="`local`, or the type of the instance.")
    lane = serializers.ChoiceField(choices=Lane.choices)
    start = TimesSerializer()
    end = TimesSerializer()
    wait_seconds = RangeSerializer()
    boot_seconds = RangeSerializer()
    training_seconds = RangeSerializer()
    idle_seconds = RangeSerializer()
    cost = RangeSerializer(allow_null=True, help_text="null: the operator has set no price.")
    currency = serializers.CharField()
    price_per_hour = serializers.FloatField(allow_null=True)
    cap_seconds = serializers.FloatField(allow_null=True, help_text="Training is stopped here; null: no cap.")
    stopped_by_cap = serializers.BooleanField(help_text="Whether the cap would probably cut it short.")
    slowdown = serializers.FloatField(
        min_value=1, help_text="How much longer it takes by what other programs do on this machine now."
    )


class QuotesView(APIView):
    """What a job would take."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="quote",
        tags=["train"],
        auth=[],
        request={"application/json": QuoteRequestSerializer},
        responses={200: QuoteSerializer},
    )
    def post(self, request: Request) -> Response:
        """Estimates start, end and cost of a job with these settings; nothing is submitted."""
        asked = submit_request.read_quote(request, set(QuoteRequestSerializer().fields))
        config = submission.configuration(task=asked.task, values=asked.values)
        quote = Quoter().quote(
            config.to_json(),
            asked.samples,
            lane=asked.job_options.lane,
            max_minutes=asked.job_options.max_minutes,
        )
        return Response(quote.to_json())
