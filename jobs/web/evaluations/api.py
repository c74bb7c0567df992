"""The JSON API of measurements; thin over the same services as the site."""

from functools import partial

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.batches import downloads, evaluations, lifecycle, submission
from jobs.batches.access import get_evaluation
from jobs.submitting import reading_option_fields
from jobs.web.batches.api_parts import ResultsView, created, gone, idempotency_key, problem, results_schema
from jobs.web.batches.requests import only_file, problems_of
from jobs.web.evaluations.serializers import EvaluationRequestSerializer, EvaluationSerializer
from modelstore.access import get_model
from modelstore.ground.problems import flattened

_TAGS = ["models"]
_FORMATS = [name for name in downloads.FORMATS if name != "zip"]


_GONE = gone("evaluation")


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
        parameters=[idempotency_key("the same key, file and options answers the same measurement")],
        request={"multipart/form-data": EvaluationRequestSerializer},
        responses={
            201: EvaluationSerializer,
            422: problem("not_measurable, classes_unknown, needs_choice, or nothing can be measured on it"),
            503: problem("queue_full"),
            **_GONE,
        },
    )
    def post(self, request: Request, token: str) -> Response:
        """Measures the model on a labelled file that it has not learnt from, as a job: follow it at `url`."""
        model = get_model(token)
        submission.check_accepting()
        given = EvaluationRequestSerializer(data=request.data)
        problems = problems_of(request, given.fields)
        upload = problems.of(partial(only_file, request), None)
        # What is in the file is looked at below.
        del given.fields["file"]
        if not given.is_valid():
            problems.add(flattened(given.errors), "Some fields are not valid; `errors` says which.")
        problems.check()
        fields = given.validated_data
        found = evaluations.submit(
            model=model,
            upload=upload,
            options=reading_option_fields.chosen(fields),
            accept_guesses=fields["accept_guesses"],
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return created(found, EvaluationSerializer, request)


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


class EvaluationResultsView(ResultsView):
    """What the model said of each sample."""

    @extend_schema(
        operation_id="evaluation_results", tags=_TAGS, auth=[], **results_schema("evaluation", _FORMATS)
    )
    def get(self, request: Request, token: str, evaluation: str) -> HttpResponseBase:
        """A line for each sample: what it is, its true class, whether the model is right, and what it says."""
        return self.send(request, get_evaluation(token, evaluation))
