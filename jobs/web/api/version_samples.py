"""The JSON API of the samples of versions: listed, downloaded, deleted."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import access
from jobs.datasets.versions import differences, edits, training_sets
from jobs.errors import SubmissionInvalid
from jobs.web.api.version_serializers import DeletedSerializer, ManifestSerializer
from jobs.web.version_requests import download, manifest_of

_TAGS = ["versions"]
_MOST_SAMPLES = 1_000
_AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="Only samples whose event time had come. With `head`, labels as they were known then, too.",
)
NUMBER = OpenApiParameter(
    "number", str, OpenApiParameter.PATH, description="The number of a version, its name, or `head`."
)


class VersionSamplesView(APIView):
    """The samples of one version."""

    @extend_schema(
        operation_id="version_samples",
        tags=_TAGS,
        auth=[],
        parameters=[
            NUMBER,
            _AS_OF,
            OpenApiParameter("start", {"type": "integer", "minimum": 0, "default": 0}),
            OpenApiParameter(
                "count", {"type": "integer", "minimum": 1, "maximum": _MOST_SAMPLES, "default": 100}
            ),
        ],
        responses={200: ManifestSerializer},
    )
    def get(self, request: Request, token: str, number: str) -> Response:
        """Ids, labels and names of samples, in the order in which a training reads them."""
        manifest = manifest_of(access.get_versions(token), number, request.query_params.get("as_of", ""))
        start = _integer(request, "start", 0, 0, 2**31 - 1)
        count = _integer(request, "count", 100, 1, _MOST_SAMPLES)
        answer = {
            "version": manifest.version,
            "total": len(manifest),
            "classes": manifest.classes(),
            "samples": differences.page_of(manifest, start, count),
        }
        return Response(ManifestSerializer(answer).data)


class VersionDownloadView(APIView):
    """The samples of one version as a file."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="version_download",
        tags=_TAGS,
        auth=[],
        parameters=[
            NUMBER,
            _AS_OF,
            OpenApiParameter("format", str, enum=list(training_sets.FORMATS), default=training_sets.FILE),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, token: str, number: str) -> HttpResponseBase:
        """All samples: as a file that Flash reads (a table, or a zip with a folder per class), or as Parquet."""
        manifest = manifest_of(access.get_versions(token), number, request.query_params.get("as_of", ""))
        return download(manifest, request.query_params.get("format", training_sets.FILE))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # `?format=` names the file here, not the renderer of the answer.
        return self.get_renderers()[0], self.get_renderers()[0].media_type


class VersionSampleView(APIView):
    """One sample in all versions."""

    throttle_scope = "submit"

    @extend_schema(operation_id="delete_sample", tags=_TAGS, auth=[], responses={200: DeletedSerializer})
    def delete(self, request: Request, token: str, sample: str) -> Response:
        """Deletes a sample for good, from all versions and files; answers which models learnt from it."""
        learners = edits.delete(dataset=access.get_versions(token), id=sample)
        return Response(DeletedSerializer({"learnt_by": learners}).data)


def _integer(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else low - 1
    if not low <= number <= high:
        sentence = f"Give a whole number from {low:,} to {high:,}."
        raise SubmissionInvalid(f"`{name}` cannot be used. {sentence}", fields={name: [sentence]})
    return number
