"""The JSON API of measurements; thin over the same services as the site."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.batches import downloads, evaluations, lifecycle, submission
from jobs.batches.access import get_evaluation
from jobs.submitting import reading_option_fields
from jobs.web.batches.requests import only_file
from jobs.web.evaluations.serializers import EvaluationRequestSerializer, EvaluationSerializer
from modelstore.access import get_model
from modelstore.downloads.file_responses import download_response
from modelstore.web.serializers import ProblemSerializer

_TAGS = ["models"]
_FORMATS = [name for name in downloads.FORMATS if name != "zip"]


def _problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=description)


_GONE = {404: _problem("model_not_found, evaluation_not_found"), 410: _problem("model_expired")}


def _answer(request: Request, token: str, evaluation: str) -> Response:
    found = get_evaluation(token, evaluation)
    return Response(EvaluationSerializer(found, context={"request": request}).data)


class EvaluationsView(APIView):
    """Models measured on labelled files."""

    authentication_classes = ()
    parser_classes = (parsers.MultiPartParser,)
    throttle_scope = "submit"

    @extend_schema(
        operation_id="evaluate",
        tags=_TAGS,
        auth=[],
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "maxLength": 255},
                OpenApiParameter.HEADER,
                description="A repeated request with the same key, file and options answers the same measurement.",
            )
        ],
        request={"multipart/form-data": EvaluationRequestSerializer},
        responses={
            201: EvaluationSerializer,
            422: _problem("not_measurable, classes_unknown, needs_choice, or nothing can be measured on it"),
            503: _problem("queue_full"),
            **_GONE,
        },
    )
    def post(self, request: Request, token: str) -> Response:
        """Measures the model on a labelled file that it has not learnt from, as a job: follow it at `url`."""
        model = get_model(token)
        submission.check_accepting()
        upload = only_file(request, set(EvaluationRequestSerializer().fields))
        given = EvaluationRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        found = evaluations.submit(
            model=model,
            upload=upload,
            options=reading_option_fields.chosen(fields),
            accept_guesses=fields["accept_guesses"],
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        answer = EvaluationSerializer(found, context={"request": request}).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class EvaluationView(APIView):
    """One measurement."""

    authentication_classes = ()

    @extend_schema(
        operation_id="evaluation", tags=_TAGS, auth=[], responses={200: EvaluationSerializer, **_GONE}
    )
    def get(self, request: Request, token: str, evaluation: str) -> Response:
        """How far it is, and once it is done, the figures."""
        return _answer(request, token, evaluation)


class EvaluationCancelView(APIView):
    """Stops a measurement."""

    authentication_classes = ()

    @extend_schema(
        operation_id="evaluation_cancel",
        tags=_TAGS,
        auth=[],
        request=None,
        responses={200: EvaluationSerializer, **_GONE},
    )
    def post(self, request: Request, token: str, evaluation: str) -> Response:
        """Cancels a waiting or running measurement; nothing happens to one that has ended."""
        lifecycle.cancel(batch=get_evaluation(token, evaluation))
        return _answer(request, token, evaluation)


class EvaluationResultsView(APIView):
    """What the model said of each sample."""

    authentication_classes = ()

    @extend_schema(
        operation_id="evaluation_results",
        tags=_TAGS,
        auth=[],
        parameters=[OpenApiParameter("format", str, enum=_FORMATS, default="csv")],
        responses={
            (200, "text/csv"): OpenApiTypes.BINARY,
            400: _problem("format_unknown"),
            409: _problem("results_not_ready"),
            503: _problem("storage_unavailable"),
            **_GONE,
        },
    )
    def get(self, request: Request, token: str, evaluation: str) -> HttpResponseBase:
        """A line for each sample: what it is, its true class, whether the model is right, and what it says."""
        format = request.query_params.get("format", "csv")
        return download_response(
            downloads.open_results(batch=get_evaluation(token, evaluation), format=format)
        )

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # `?format=` names the file here, not the renderer of the answer.
        return self.get_renderers()[0], self.get_renderers()[0].media_type
