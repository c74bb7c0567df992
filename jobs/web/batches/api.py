"""The JSON API of batches; thin over the same services as the site."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.batches import downloads, lifecycle, submission
from jobs.batches.access import get_batch
from jobs.batches.options import FIELDS, BatchOptions
from jobs.web.batches.api_parts import ResultsView, created, gone, idempotency_key, problem, results_schema
from jobs.web.batches.requests import only_file, problems_of
from jobs.web.batches.serializers import BatchRequestSerializer, BatchSerializer
from modelstore.access import get_model

_GONE = gone("batch")


class BatchesView(APIView):
    """Predictions of whole files."""

    authentication_classes = ()
    parser_classes = (parsers.MultiPartParser,)
    throttle_scope = "submit"

    @extend_schema(
        operation_id="batch_predict",
        tags=["models"],
        auth=[],
        parameters=[idempotency_key("the same key and file answers the same batch")],
        request={"multipart/form-data": BatchRequestSerializer},
        responses={201: BatchSerializer, 503: problem("queue_full"), **_GONE},
    )
    def post(self, request: Request, token: str) -> Response:
        """Predicts every picture of a zip or every sentence of a table, as a job: follow it at `url`."""
        model = get_model(token)
        submission.check_accepting()
        problems, fields = problems_of(request, FIELDS), cast(Mapping[str, Any], request.data)
        upload = problems.of(partial(only_file, request), None)
        options = problems.of(partial(BatchOptions.from_fields, fields), BatchOptions())
        problems.check()
        batch = submission.submit(
            model=model,
            upload=upload,
            options=options,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return created(batch, BatchSerializer, request)


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


class BatchResultsView(ResultsView):
    """The results of a batch."""

    @extend_schema(
        operation_id="batch_results",
        tags=["models"],
        auth=[],
        **results_schema("batch", list(downloads.FORMATS)),
    )
    def get(self, request: Request, token: str, batch: str) -> HttpResponseBase:
        """A line for each item: file or row, label, the likeliest labels with probabilities, or the error."""
        return self.send(request, get_batch(token, batch))
