"""The JSON API of batches; thin over the same services as the site."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.batches import downloads, lifecycle, submission
from jobs.batches.access import get_batch
from jobs.batches.options import FIELDS, BatchOptions
from jobs.web.batches.requests import only_file
from jobs.web.batches.serializers import BatchRequestSerializer, BatchSerializer
from modelstore.access import get_model
from modelstore.downloads.file_responses import download_response
from modelstore.web.serializers import ProblemSerializer


def _problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=description)


_GONE = {404: _problem("model_not_found, batch_not_found"), 410: _problem("model_expired")}


class BatchesView(APIView):
    """Predictions of whole files."""

    authentication_classes = ()
    parser_classes = (parsers.MultiPartParser,)
    throttle_scope = "submit"

    @extend_schema(
        operation_id="batch_predict",
        tags=["models"],
        auth=[],
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "maxLength": 255},
                OpenApiParameter.HEADER,
                description="A repeated request with the same key and file answers the same batch.",
            )
        ],
        request={"multipart/form-data": BatchRequestSerializer},
        responses={201: BatchSerializer, 503: _problem("queue_full"), **_GONE},
    )
    def post(self, request: Request, token: str) -> Response:
        """Predicts every picture of a zip or every sentence of a table, as a job: follow it at `url`."""
        model = get_model(token)
        submission.check_accepting()
        upload = only_file(request, FIELDS)
        fields: Any = request.data
        batch = submission.submit(
            model=model,
            upload=upload,
            options=BatchOptions.from_fields(fields),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        answer = BatchSerializer(batch, context={"request": request}).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class BatchView(APIView):
    """One batch."""

    authentication_classes = ()

    @extend_schema(operation_id="batch", tags=["models"], auth=[], responses={200: BatchSerializer, **_GONE})
    def get(self, request: Request, token: str, batch: str) -> Response:
        """How far it is, how many items got which label, and where the results are."""
        return Response(BatchSerializer(get_batch(token, batch), context={"request": request}).data)


class BatchCancelView(APIView):
    """Stops a batch."""

    authentication_classes = ()

    @extend_schema(
        operation_id="batch_cancel",
        tags=["models"],
        auth=[],
        request=None,
        responses={200: BatchSerializer, **_GONE},
    )
    def post(self, request: Request, token: str, batch: str) -> Response:
        """Cancels a waiting or running batch; nothing happens to one that has ended."""
        lifecycle.cancel(batch=get_batch(token, batch))
        return Response(BatchSerializer(get_batch(token, batch), context={"request": request}).data)


class BatchResultsView(APIView):
    """The results of a batch."""

    authentication_classes = ()

    @extend_schema(
        operation_id="batch_results",
        tags=["models"],
        auth=[],
        parameters=[OpenApiParameter("format", str, enum=list(downloads.FORMATS), default="csv")],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            400: _problem("format_unknown"),
            409: _problem("results_not_ready"),
            503: _problem("storage_unavailable"),
            **_GONE,
        },
    )
    def get(self, request: Request, token: str, batch: str) -> HttpResponseBase:
        """A line for each item: file or row, label, the likeliest labels with probabilities, or the error."""
        format = request.query_params.get("format", "csv")
        return download_response(downloads.open_results(batch=get_batch(token, batch), format=format))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # `?format=` names the file here, not the renderer of the answer.
        return self.get_renderers()[0], self.get_renderers()[0].media_type
