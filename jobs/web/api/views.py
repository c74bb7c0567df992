"""The JSON API of datasets, jobs and the platform; thin over the same services as the site."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from jobs import access
from jobs.datasets import dataset_store
from jobs.errors import NotPossibleNow, SubmissionInvalid
from jobs.models import Dataset, Job, JobEvent, PlatformStatus, Server
from jobs.queue import cancellation
from jobs.queue.platform_status import platform_summary
from jobs.states import JobStatus
from jobs.submitting import submission
from jobs.web import submit_request
from jobs.web.api.platform_serializers import (
    PlatformChangeSerializer,
    PlatformSummarySerializer,
    ServerSerializer,
)
from jobs.web.api.serializers import (
    JobEventSerializer,
    JobSerializer,
    JobSummarySerializer,
)
from jobs.web.api.submission_serializers import (
    SubmitCheckedSerializer,
    SubmitSerializer,
)
from jobs.web.submit_request import SubmitRequest
from modelstore.api_keys import ForOperators, ForReaders, ScopeMissing, is_operator, key_of
from modelstore.ground.pagination import LogPages, Pages
from modelstore.models import Scope
from training.kinds import KINDS

_TAGS = {"platform": ["platform"], "train": ["train"]}


class StatusView(APIView):
    """Whether Flash is busy and takes jobs."""

    def get_permissions(self) -> list[Any]:
        return [ForOperators()] if self.request.method == "PATCH" else []

    @extend_schema(
        operation_id="status", tags=_TAGS["platform"], auth=[], responses=PlatformSummarySerializer
    )
    def get(self, request: Request) -> Response:
        return Response(platform_summary())

    @extend_schema(
        operation_id="change_status",
        tags=_TAGS["platform"],
        request={"application/json": PlatformChangeSerializer},
        responses={200: PlatformSummarySerializer},
    )
    def patch(self, request: Request) -> Response:
        """For operators: dev mode, notice and the length of the queue."""
        change = PlatformChangeSerializer(PlatformStatus.current(), data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        change.save()
        return Response(platform_summary())


class JobsView(ListAPIView):
    """Sends jobs, and lists them to whoever has a key."""

    serializer_class: type[BaseSerializer[Job]] = JobSummarySerializer
    pagination_class = Pages
    queryset: QuerySet[Job] = Job.objects.none()

    def get_permissions(self) -> list[Any]:
        return [ForReaders()] if self.request.method in ("GET", "HEAD") else [AllowAny()]

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "submit" if self.request.method == "POST" else None
        return super().get_throttles()

    @extend_schema(
        operation_id="jobs",
        tags=_TAGS["train"],
        parameters=[
            OpenApiParameter("status", str, enum=JobStatus.values),
            OpenApiParameter("task_type", str, enum=list(KINDS)),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The jobs sent with this key, newest first; with `operate`, or signed in, all jobs, but no tokens."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Job]:
        jobs = Job.objects.select_related(None).only(*JobSummarySerializer.COLUMNS)
        if not is_operator(self.request):
            jobs = jobs.filter(api_key=key_of(self.request))
        return jobs.filter(**_choices(self.request, status=JobStatus.values, task_type=list(KINDS)))

    @extend_schema(
        operation_id="train",
        tags=_TAGS["train"],
        request={"multipart/form-data": SubmitSerializer, "application/json": SubmitCheckedSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "maxLength": 255},
                OpenApiParameter.HEADER,
                description="A repeated request with the same key answers the same job.",
            )
        ],
        responses={201: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Uploads data and trains in one call, or trains with the `dataset_token` of a checked upload."""
        if (key := key_of(request)) and not key.may(Scope.SUBMIT):
            raise ScopeMissing("This needs a key with the scope `submit`, or no key at all.")
        repeat = submit_request.idempotency_key(request)
        if repeat is None:
            # Said without reading the file. A repeat may be of a job that was taken before the queue was full.
            submission.check_accepting()
        asked = submit_request.read(request, {*SubmitSerializer().fields, *SubmitCheckedSerializer().fields})
        with _dataset_of(asked) as dataset:
            if asked.accept_guesses:
                dataset.accept_guesses()
            asked.check_classes(dataset)
            job = submission.submit(
                dataset=dataset,
                task_name=asked.task_name,
                values=asked.values,
                downloadable=asked.downloadable,
                keep_dataset=asked.keep_dataset,
                idempotency_key=repeat,
                api_key=key,
                job_options=asked.job_options,
                lineage=asked.lineage,
            )
        answer = JobSerializer(job, context={"request": request}).data
        return Response(answer, status=201, headers={"Location": answer["url"]})


class JobView(APIView):
    """Follows one job."""

    @extend_schema(operation_id="job", tags=_TAGS["train"], auth=[], responses={200: JobSerializer})
    def get(self, request: Request, token: str) -> Response:
        return Response(JobSerializer(access.get_job(token), context={"request": request}).data)


class JobCancelView(APIView):
    """Cancels a waiting or running job; nothing happens to one that has ended."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="cancel", tags=_TAGS["train"], auth=[], request=None, responses={200: JobSerializer}
    )
    def post(self, request: Request, token: str) -> Response:
        cancellation.cancel(job=access.get_job(token))
        return Response(JobSerializer(access.get_job(token), context={"request": request}).data)


class JobStopView(APIView):
    """Ends a training early with the best model so far; 409 when there is none yet, or the training has ended."""

    throttle_scope = "submit"

    @extend_schema(
        operation_id="stop", tags=_TAGS["train"], auth=[], request=None, responses={200: JobSerializer}
    )
    def post(self, request: Request, token: str) -> Response:
        if not cancellation.stop_and_keep(job=access.get_job(token)):
            raise NotPossibleNow("There is nothing to keep: no model was ready yet, or the job has ended.")
        return Response(JobSerializer(access.get_job(token), context={"request": request}).data)


class JobEventsView(ListAPIView):
    """The log of a job."""

    serializer_class: type[BaseSerializer[JobEvent]] = JobEventSerializer
    pagination_class = LogPages
    queryset: QuerySet[JobEvent] = JobEvent.objects.none()

    @extend_schema(
        operation_id="events",
        tags=_TAGS["train"],
        auth=[],
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
                description="The id of the last event seen: only newer ones are answered.",
            )
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The log of a job, oldest first; `after` answers only what is newer."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[JobEvent]:
        after = self.request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= 18):
            raise SubmissionInvalid(
                "`after` is the id of an event.", fields={"after": ["Give a whole number."]}
            )
        return access.get_job(self.kwargs["token"]).events.filter(pk__gt=int(after))


class ServersView(ListAPIView):
    """The machines that train."""

    permission_classes = (ForOperators,)
    serializer_class: type[BaseSerializer[Server]] = ServerSerializer
    pagination_class = Pages
    queryset: QuerySet[Server] = Server.objects.all()

    @extend_schema(operation_id="servers", tags=_TAGS["platform"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For operators: the machines that train."""
        return super().get(request, *args, **kwargs)


def _dataset_of(asked: SubmitRequest) -> AbstractContextManager[Dataset]:
    """The dataset named by its token, or a new one from the file, which goes unless a job takes it."""
    if asked.upload is not None:
        fresh = dataset_store.store_upload(task_type=asked.task, upload=asked.upload, options=asked.reading)
        return dataset_store.discarded_unless_used(fresh)
    dataset = access.get_dataset(asked.dataset_token)
    if dataset.task_type != asked.task:
        message = [f"The dataset was checked for {dataset.task_type}."]
        raise SubmissionInvalid("The dataset is of another kind.", fields={"task_type": message})
    return nullcontext(dataset)


def _choices(request: Request, **allowed: list[str]) -> dict[str, str]:
    """The filters of a list; SubmissionInvalid when one has a value that there is not."""
    given = {name: request.query_params[name] for name in allowed if name in request.query_params}
    wrong = {
        name: [f"Choose one of: {', '.join(allowed[name])}."]
        for name, value in given.items()
        if value not in allowed[name]
    }
    if wrong:
        raise SubmissionInvalid(f"There is nothing to list: correct {', '.join(wrong)}.", fields=wrong)
    return given
