"""The JSON API of checked uploads: taken in, read in another way, answered."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import access
from jobs.datasets import dataset_store
from jobs.models import Dataset
from jobs.submitting import reading_option_fields
from jobs.web.api.serializers import DatasetSerializer
from jobs.web.api.submission_serializers import DatasetChangeSerializer, DatasetCheckSerializer

_TAGS = ["train"]


class DatasetsView(APIView):
    """Checks and keeps an upload for a while, without training yet."""

    parser_classes = (parsers.MultiPartParser,)
    throttle_scope = "submit"

    @extend_schema(
        operation_id="check",
        tags=_TAGS,
        auth=[],
        request={"multipart/form-data": DatasetCheckSerializer},
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Checks a file. 422 needs_choice: something is open; `token` and `questions` say what to PATCH where."""
        given = DatasetCheckSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        dataset = dataset_store.store_upload(
            task_type=fields["task_type"],
            upload=fields["dataset"],
            options=reading_option_fields.chosen(fields),
        )
        return answered(dataset, accept_guesses=fields["accept_guesses"], status=201)


class DatasetView(APIView):
    """One checked upload; the token is the only key."""

    throttle_scope: str | None = None

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.request.method == "PATCH" else None
        return super().get_throttles()

    @extend_schema(operation_id="dataset", tags=_TAGS, auth=[], responses={200: DatasetSerializer})
    def get(self, request: Request, token: str) -> Response:
        """What was understood of it; `findings.questions` are what is open."""
        return Response(DatasetSerializer(access.get_dataset(token)).data)

    @extend_schema(
        operation_id="read_again",
        tags=_TAGS,
        auth=[],
        request={"application/json": DatasetChangeSerializer},
        responses={200: DatasetSerializer},
    )
    def patch(self, request: Request, token: str) -> Response:
        """Reads it again with these options, or accepts what was guessed. Refused, it stays as it was."""
        dataset = access.get_dataset(token)
        given = DatasetChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = dict(given.validated_data)
        accept = fields.pop("accept_guesses")
        if fields:
            dataset = dataset_store.reinspect(
                dataset=dataset, options=_without_blanks(dataset.options | fields)
            )
        return answered(dataset, accept_guesses=accept, status=200)


def answered(dataset: Dataset, *, accept_guesses: bool, status: int) -> Response:
    """The dataset; raises NeedsChoice where something is open that is not accepted, UploadRefused if it is unread."""
    if accept_guesses:
        dataset.accept_guesses()
    dataset.check_usable()
    return Response(DatasetSerializer(dataset).data, status=status)


def _without_blanks(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, "", [], {})}
