"""The JSON API of versions: made, listed, compared, restored, downloaded; the token is the only key."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import access
from jobs.datasets.versions import differences, edits, erasing, learning, manifests, recording, training_sets
from jobs.datasets.versions.recording import Told
from jobs.errors import SubmissionInvalid, VersionUnknown
from jobs.models import DatasetVersion, VersionedDataset
from jobs.web.api.serializers import DatasetSerializer
from jobs.web.api.version_samples import NUMBER
from jobs.web.api.version_serializers import (
    AddSerializer,
    ChangeSerializer,
    DifferenceSerializer,
    KeepVersionsSerializer,
    VersionChangeSerializer,
    VersionedDatasetSerializer,
    VersionSerializer,
)
from modelstore.access import get_model
from modelstore.api_keys import key_of
from modelstore.ground.pagination import Pages

_TAGS = ["versions"]


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

    @extend_schema(operation_id="delete_versions", tags=_TAGS, auth=[], responses={204: None})
    def delete(self, request: Request, token: str) -> Response:
        """Deletes the dataset with all versions and the uploads that they came of; models stay."""
        erasing.erase_all(dataset=access.get_versions(token))
        return Response(status=204)

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


class AddedDataView(APIView):
    """More data."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="add_data",
        tags=_TAGS,
        auth=[],
        request={"application/json": AddSerializer},
        responses={201: VersionedDatasetSerializer},
    )
    def post(self, request: Request, token: str) -> Response:
        """Adds a checked upload without training: a new version, or the newest one where nothing is new."""
        dataset = access.get_versions(token)
        fields = _checked(AddSerializer, request)
        version = recording.extend(
            dataset=dataset,
            more=access.get_dataset(fields["dataset_token"]),
            told=_told(request, fields["reason"]),
            times=fields["times"],
        )
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
        parameters=[NUMBER],
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
        parameters=[NUMBER],
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
        parameters=[NUMBER, OpenApiParameter("to", str, description="As `number`; the newest without it.")],
        responses={200: DifferenceSerializer},
    )
    def get(self, request: Request, token: str, number: str) -> Response:
        """What leads from version `number` to version `to`: counts, by class, and some of the samples."""
        dataset = access.get_versions(token)
        earlier = manifests.get_version(dataset, number)
        later = manifests.get_version(dataset, request.query_params.get("to", ""))
        found = differences.compare(dataset=dataset, earlier=earlier, later=later)
        return Response(DifferenceSerializer(found).data)


class VersionDatasetView(APIView):
    """A version to train on."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="check_out_version",
        tags=_TAGS,
        auth=[],
        parameters=[NUMBER],
        request=None,
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request, token: str, number: str) -> Response:
        """A checked upload with the samples of a version; its token is a `dataset_token` for a job."""
        dataset = access.get_versions(token)
        version = manifests.get_version(dataset, number)
        made = training_sets.checked_out_version(version=version, token=token)
        return Response(DatasetSerializer(made).data, status=201)


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
