"""Where events of the bucket are posted to; guarded by an API key."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.errors import SubmissionInvalid
from jobs.submitting import bucket_retraining, submission
from jobs.web.api.serializers import JobSerializer
from modelstore.api_keys import ScopeMissing, key_of
from modelstore.models import Scope

_EVENT = {
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "flash-files"},
        "object": {
            "key": "incoming/uq0cZcJ0yE0pYk3zq7H2aB/more.csv",
            "etag": "b1946ac92492d2347c6235b4d2611184",
        },
    },
}


@extend_schema_serializer(
    examples=[OpenApiExample("From EventBridge", _EVENT, request_only=True)],
    extensions={"x-other-fields-ignored": True},
)
class StorageEventSerializer(serializers.Serializer[Any]):
    """What S3 (`Records`) or EventBridge (`detail`) sends; other fields of theirs are ignored."""

    Records = serializers.ListField(child=serializers.DictField(), required=False)
    detail = serializers.DictField(required=False)


@extend_schema_serializer(
    examples=[OpenApiExample("Nothing new", {"jobs": []}, response_only=True, status_codes=["202"])]
)
class RetrainedSerializer(serializers.Serializer[Any]):
    """The jobs that came of an event; none when it tells of nothing new."""

    jobs = JobSerializer(many=True)


class StorageEventView(APIView):
    """Retrains models whose new data has arrived in the bucket."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="storage_event",
        tags=["train"],
        request={"application/json": StorageEventSerializer},
        responses={202: RetrainedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Takes an event of S3 or EventBridge: each new object under incoming/<token>/ retrains that model."""
        key = key_of(request)
        if key is None or not key.may(Scope.SUBMIT):
            raise ScopeMissing("Events are accepted only with an API key of the scope `submit`.")
        if not isinstance(request.data, dict):
            raise SubmissionInvalid("Send the event as a JSON object.")
        found = bucket_retraining.incoming_files(request.data)
        if found:
            submission.check_accepting()
        jobs = [bucket_retraining.retrain(arrival=arrival, api_key=key) for arrival in found]
        told = JobSerializer(jobs, many=True, context={"request": request}).data
        return Response({"jobs": told}, status=202)
