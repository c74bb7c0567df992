"""The JSON API of datasets, jobs and the platform; thin over the same services as the site."""

import json
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from jobs import access, cancellation, datasets, submission
from jobs.errors import SubmissionInvalid
from jobs.models import Dataset, PlatformStatus, Server
from jobs.serializers import (
    DatasetCheckSerializer,
    DatasetSerializer,
    JobEventSerializer,
    JobSerializer,
    PlatformChangeSerializer,
    PlatformSummarySerializer,
    ServerSerializer,
    SubmitCheckedSerializer,
    SubmitSerializer,
)
from jobs.status import platform_summary
from modelstore.errors import FlashError
from training.config import Task

_OPTIONS = ("input_column", "label_column")
_OUTER = ("dataset", "dataset_token", "task_type", "task_name", "downloadable", "keep_dataset", *_OPTIONS)
_KNOWN = {*SubmitSerializer().fields, *SubmitCheckedSerializer().fields}
_OBJECTS = ("reduce_lr_on_plateau", "step_lr")


class StatusView(APIView):
    """Whether Flash is busy and takes jobs."""

    def get_permissions(self) -> list[Any]:
        return [IsAdminUser()] if self.request.method == "PATCH" else []

    @extend_schema(auth=[], responses=PlatformSummarySerializer)
    def get(self, request: Request) -> Response:
        return Response(platform_summary())

    @extend_schema(request=PlatformChangeSerializer, responses={200: PlatformSummarySerializer})
    def patch(self, request: Request) -> Response:
        """For operators: dev mode, notice and the length of the queue."""
        change = PlatformChangeSerializer(PlatformStatus.current(), data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        change.save()
        return Response(platform_summary())


class DatasetsView(APIView):
    """Checks and keeps an upload for a while, without training yet."""

    parser_classes = (parsers.MultiPartParser,)
    throttle_scope = "submit"

    @extend_schema(
        request={"multipart/form-data": DatasetCheckSerializer},
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        given = DatasetCheckSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        dataset = datasets.store_upload(
            task_type=Task(fields["task_type"]), upload=fields["dataset"], options=_table_options(fields)
        )
        return Response(DatasetSerializer(dataset).data, status=201)


class JobsView(APIView):
    """Uploads data and submits a job in one call; or submits with `dataset_token`."""

    throttle_scope = "submit"

    @extend_schema(
        request={"multipart/form-data": SubmitSerializer, "application/json": SubmitCheckedSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="Same key and request: same job."
            )
        ],
        responses={201: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        # Everything that can be said without reading the file is said first.
        submission.check_accepting()
        fields = _given(request)
        task, values = _task_of(fields), _hyperparameters(fields)
        name = str(fields.get("task_name") or "")
        submission.validate(task=task, task_name=name, values=values)
        dataset, fresh = _dataset_of(task, fields)
        try:
            job = submission.submit(
                dataset=dataset,
                task_name=name,
                values=values,
                downloadable=_boolean(fields, "downloadable", True),
                keep_dataset=_boolean(fields, "keep_dataset", False),
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        except FlashError:
            if fresh:
                datasets.discard(dataset)
            raise
        if fresh and job.dataset_id != dataset.pk:
            datasets.discard(dataset)
        answer = JobSerializer(job, context={"request": request}).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class JobView(APIView):
    """Follows one job."""

    @extend_schema(responses={200: JobSerializer})
    def get(self, request: Request, token: str) -> Response:
        return Response(JobSerializer(access.get_job(token), context={"request": request}).data)


class JobCancelView(APIView):
    """Cancels a waiting or running job; nothing happens to one that has ended."""

    @extend_schema(request=None, responses={200: JobSerializer})
    def post(self, request: Request, token: str) -> Response:
        cancellation.cancel(job=access.get_job(token))
        return Response(JobSerializer(access.get_job(token), context={"request": request}).data)


class JobEventsView(APIView):
    """The log of a job; `after` answers only what is newer than that id."""

    @extend_schema(
        parameters=[OpenApiParameter("after", int, description="The id of the last event seen.")],
        responses={200: JobEventSerializer(many=True)},
    )
    def get(self, request: Request, token: str) -> Response:
        events = access.get_job(token).events.all()
        after = request.query_params.get("after", "0")
        if not after.isdecimal() or len(after) > 18:
            raise SubmissionInvalid(
                "`after` is the id of an event.", fields={"after": ["Give a whole number."]}
            )
        return Response(JobEventSerializer(events.filter(pk__gt=int(after))[:1000], many=True).data)


class ServersView(ListAPIView):
    """For operators: the machines that train."""

    permission_classes = (IsAdminUser,)
    serializer_class: type[BaseSerializer[Server]] = ServerSerializer
    queryset: QuerySet[Server] = Server.objects.all()


def _given(request: Request) -> dict[str, Any]:
    """The request's fields; unknown ones and several files are refused rather than ignored."""
    if not isinstance(request.data, dict):
        raise SubmissionInvalid("Send a JSON object or a form.")
    unknown = sorted(set(request.data) - _KNOWN)
    if unknown:
        problem = {name[:100]: ["There is no such field."] for name in unknown[:20]}
        raise SubmissionInvalid(f"Unknown fields: {', '.join(problem)}.", fields=problem)
    return {name: request.data[name] for name in request.data}


def _task_of(fields: dict[str, Any]) -> Task:
    token = fields.get("dataset_token")
    if fields.get("task_type") in (None, "") and token:
        return Task(access.get_dataset(str(token)).task_type)
    try:
        return Task(str(fields.get("task_type")))
    except ValueError as error:
        known = " or ".join(task.value for task in Task)
        raise SubmissionInvalid("Say what to train.", fields={"task_type": [f"Give {known}."]}) from error


def _hyperparameters(fields: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in fields.items() if name not in _OUTER and value != ""}
    for name in _OBJECTS:
        if isinstance(value := values.get(name), str):
            try:
                values[name] = json.loads(value)
            except (ValueError, RecursionError) as error:
                message = 'Give a JSON object, such as {"factor": 0.1, "patience": 5}.'
                raise SubmissionInvalid(f"`{name}` is not JSON.", fields={name: [message]}) from error
    return values


def _dataset_of(task: Task, fields: dict[str, Any]) -> tuple[Dataset, bool]:
    """The dataset named by its token, or a new one from the file; and whether it is new."""
    upload, token = fields.get("dataset"), fields.get("dataset_token")
    if bool(upload) == bool(token) or (upload and not hasattr(upload, "chunks")):
        message = [
            "Send the file itself as `dataset` (multipart), or the token of a checked one as `dataset_token`."
        ]
        raise SubmissionInvalid("There is no dataset.", fields={"dataset": message})
    if upload is not None and not token:
        return datasets.store_upload(task_type=task, upload=upload, options=_table_options(fields)), True
    dataset = access.get_dataset(str(token))
    if dataset.task_type != task:
        message = [f"The dataset was checked for {dataset.task_type}."]
        raise SubmissionInvalid("The dataset is of the other kind.", fields={"task_type": message})
    return dataset, False


def _table_options(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: str(fields[name]) for name in _OPTIONS if fields.get(name)}


def _boolean(fields: dict[str, Any], name: str, default: bool) -> bool:
    words = {
        "true": True,
        "1": True,
        "on": True,
        "yes": True,
        "false": False,
        "0": False,
        "off": False,
        "no": False,
    }
    value = fields.get(name)
    if value in (None, ""):
        return default
    if str(value).lower() not in words:
        raise SubmissionInvalid(f"`{name}` is not a yes or no.", fields={name: ["Give true or false."]})
    return words[str(value).lower()]
