"""What the JSON API of batches and that of measurements have in common."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.batches import downloads
from jobs.models import BatchPrediction
from jobs.web.batches.serializers import RowSerializer
from modelstore.downloads.file_responses import download_response
from modelstore.web.serializers import ProblemSerializer


def problem(description: str) -> OpenApiResponse:
    """A refusal, by its codes."""
    return OpenApiResponse(ProblemSerializer, description=description)


def gone(row: str) -> dict[int, OpenApiResponse]:
    """The refusals of a token of a model, or of its `row`."""
    return {404: problem(f"model_not_found, {row}_not_found"), 410: problem("model_expired")}


def idempotency_key(same: str) -> OpenApiParameter:
    """The header; what is the `same` in a request is answered by the same row."""
    return OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "maxLength": 255},
        OpenApiParameter.HEADER,
        description=f"A repeated request with {same}.",
    )


def created(batch: BatchPrediction, serializer: type[RowSerializer], request: Request) -> Response:
    """The answer to what was submitted."""
    answer = serializer(batch, context={"request": request}).data
    return Response(answer, status=201, headers={"Location": answer["url"]})


def results_schema(row: str, formats: list[str]) -> dict[str, Any]:
    """What `extend_schema` is told of the results of a `row`."""
    return {
        "parameters": [OpenApiParameter("format", str, enum=formats, default="csv")],
        "responses": {
            (200, "text/csv"): OpenApiTypes.BINARY,
            400: problem("format_unknown"),
            409: problem("results_not_ready"),
            503: problem("storage_unavailable"),
            **gone(row),
        },
    }


class ResultsView(APIView):
    """The results in a file."""

    authentication_classes = ()

    def send(self, request: Request, batch: BatchPrediction) -> HttpResponseBase:
        """The file in the format that was asked for."""
        format = request.query_params.get("format", "csv")
        return download_response(downloads.open_results(batch=batch, format=format))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # `?format=` names the file here, not the renderer of the answer.
        return self.get_renderers()[0], self.get_renderers()[0].media_type
