"""The JSON API of versions: made, listed, compared, restored, downloaded; the token is the only key."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import access
from jobs.datasets.versions import differences, edits, learning, manifests, recording, training_sets
from jobs.datasets.versions.recording import Told
from jobs.errors import SubmissionInvalid, VersionUnknown
from jobs.models import DatasetVersion, VersionedDataset
from jobs.web.api.serializers import DatasetSerializer
from jobs.web.api.version_serializers import (
    ChangeSerializer,
    DeletedSerializer,
    DifferenceSerializer,
    KeepVersionsSerializer,
    ManifestSerializer,
    VersionChangeSerializer,
    VersionedDatasetSerializer,
    VersionSerializer,
)
from jobs.web.version_requests import download, manifest_of
from modelstore.access import get_model
from modelstore.api_keys import key_of
from modelstore.ground.pagination import Pages

_TAGS = ["versions"]
_MOST_SAMPLES = 1_000
_AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="Only samples whose event time had come. With `head`, labels as they were known then, too.",
)
_NUMBER = OpenApiParameter(
    "number", str, OpenApiParameter.PATH, description="The number of a version, its name, or `head`."
)


class KeepVersionsView(APIView):
    """The first version of a checked upload."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="keep_versions",
        tags=_TAGS,
        auth=[],
        request={"application/json": KeepVersionsSerializer},
        responses={201: VersionedDatasetSerializer},
    )
    def post(self, request: Request, token: str) -> Response:
        """Keeps versions of a checked upload from now on; asked again, it answers what there is."""
        dataset = access.get_dataset(token)
        fields = _checked(KeepVersionsSerializer, request)
        version = recording.begin(
            dataset=dataset, told=_told(request, fields["reason"]), times=fields["times"]
        )
        version.dataset.token = dataset.versions_token
        return Response(_answer(version, request), status=201)


class VersionsView(ListAPIView):
    """The versions of a dataset."""

    permission_classes = ()
    serializer_class = VersionSerializer
    pagination_class = Pages
    queryset: QuerySet[DatasetVersion] = DatasetVersion.objects.none()
    throttle_scope: str | None = None

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.request.method == "POST" else None
        return super().get_throttles()

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return access.get_versions(self.kwargs["token"]).versions.all()

    @extend_schema(operation_id="versions", tags=_TAGS, auth=[])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All versions, newest first: who made each, why, and what it changed."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="change",
        tags=_TAGS,
        auth=[],
        request={"application/json": ChangeSerializer},
        responses={201: VersionedDatasetSerializer},
    )
    def post(self, request: Request, token: str) -> Response:
        """Makes a version: other labels for samples, samples left out, or an earlier version restored."""
        dataset = access.get_versions(token)
        fields = _checked(ChangeSerializer, request)
        told = _told(request, fields["reason"])
        if (number := fields.get("restore")) is None:
            version = edits.edit(
                dataset=dataset, relabel=fields["relabel"], leave_out=fields["leave_out"], told=told
            )
        elif fields["relabel"] or fields["leave_out"]:
            raise SubmissionInvalid(
                "Restore a version alone.", fields={"restore": ["Give this without other changes."]}
            )
        else:
            earlier = manifests.get_version(dataset, str(number))
            version = recording.restore(dataset=dataset, version=earlier, told=told)
        return Response(_answer(version, request, dataset), status=201)


class VersionView(APIView):
    """One version."""

    throttle_scope: str | None = None

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.request.method == "PATCH" else None
        return super().get_throttles()

    @extend_schema(
        operation_id="version",
        tags=_TAGS,
        auth=[],
        parameters=[_NUMBER],
        responses={200: VersionedDatasetSerializer},
    )
    def get(self, request: Request, token: str, number: str) -> Response:
        """A version by its number or name; `head` is the newest."""
        dataset = access.get_versions(token)
        return Response(_answer(manifests.get_version(dataset, number), request, dataset))

    @extend_schema(
        operation_id="describe_version",
        tags=_TAGS,
        auth=[],
        parameters=[_NUMBER],
        request={"application/json": VersionChangeSerializer},
        responses={200: VersionedDatasetSerializer},
    )
    def patch(self, request: Request, token: str, number: str) -> Response:
        """Names a version (an empty name takes it away), pins it or lets go of it."""
        dataset = access.get_versions(token)
        version = manifests.get_version(dataset, number)
        fields = _checked(VersionChangeSerializer, request)
        if fields:
            edits.describe(version=version, **fields)
        return Response(_answer(version, request, dataset))


class VersionDiffView(APIView):
    """Two versions compared."""

    @extend_schema(
        operation_id="compare_versions",
        tags=_TAGS,
        auth=[],
        parameters=[_NUMBER, OpenApiParameter("to", str, description="As `number`; the newest without it.")],
        responses={200: DifferenceSerializer},
    )
    def get(self, request: Request, token: str, number: str) -> Response:
        """What leads from version `number` to version `to`: counts, by class, and some of the samples."""
        dataset = access.get_versions(token)
        earlier = manifests.get_version(dataset, number)
        later = manifests.get_version(dataset, request.query_params.get("to", ""))
        found = differences.compare(dataset=dataset, earlier=earlier, later=later)
        return Response(DifferenceSerializer(found).data)


class VersionSamplesView(APIView):
    """The samples of one version."""

    @extend_schema(
        operation_id="version_samples",
        tags=_TAGS,
        auth=[],
        parameters=[
            _NUMBER,
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
            _NUMBER,
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


class VersionDatasetView(APIView):
    """A version to train on."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="check_out_version",
        tags=_TAGS,
        auth=[],
        parameters=[_NUMBER],
        request=None,
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request, token: str, number: str) -> Response:
        """A checked upload with the samples of a version; its token is a `dataset_token` for a job."""
        dataset = access.get_versions(token)
        version = manifests.get_version(dataset, number)
        made = training_sets.checked_out_version(version=version, token=token)
        return Response(DatasetSerializer(made).data, status=201)


class VersionSampleView(APIView):
    """One sample in all versions."""

    throttle_scope = "submit"

    @extend_schema(operation_id="delete_sample", tags=_TAGS, auth=[], responses={200: DeletedSerializer})
    def delete(self, request: Request, token: str, sample: str) -> Response:
        """Deletes a sample for good, from all versions and files; answers which models learnt from it."""
        learners = edits.delete(dataset=access.get_versions(token), id=sample)
        return Response(DeletedSerializer({"learnt_by": learners}).data)


class ModelVersionView(APIView):
    """What a model learnt from."""

    @extend_schema(
        operation_id="model_data_version", tags=_TAGS, auth=[], responses={200: VersionedDatasetSerializer}
    )
    def get(self, request: Request, token: str) -> Response:
        """The version that a model learnt from, with the token of its dataset; 404 where no versions were kept."""
        found = learning.learnt_from(get_model(token))
        if found is None:
            raise VersionUnknown("No versions were kept of the data that this model learnt from.")
        return Response(_answer(found[0], request, found[0].dataset))


def _answer(version: DatasetVersion, request: Request, dataset: VersionedDataset | None = None) -> Any:
    if dataset is not None:
        version.dataset = dataset
    return VersionedDatasetSerializer(version, context={"request": request}).data


def _checked(serializer: Any, request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    fields: dict[str, Any] = given.validated_data
    return fields


def _told(request: Request, reason: str) -> Told:
    key = key_of(request)
    return Told(author=key.name if key else "", reason=reason)


def _integer(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else low - 1
    if not low <= number <= high:
        sentence = f"Give a whole number from {low:,} to {high:,}."
        raise SubmissionInvalid(f"`{name}` cannot be used. {sentence}", fields={name: [sentence]})
    return number
