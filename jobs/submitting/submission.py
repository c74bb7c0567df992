"""Submits jobs: the one way in for the site, the API and the command line."""

import dataclasses
import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs import access, lanes
from jobs.datasets import dataset_store, extension
from jobs.datasets.versions import recording
from jobs.datasets.versions.recording import Told
from jobs.errors import DevMode, QueueFull, SubmissionInvalid
from jobs.messaging import hints
from jobs.models import Dataset, Job, PlatformStatus
from jobs.money import caps
from jobs.money.quotes import Quoter
from jobs.notices import notifications
from jobs.queue import retraining
from jobs.queue.platform_status import DEV_MODE_NOTICE, is_full
from jobs.states import JobStatus
from jobs.submitting import task_names
from jobs.submitting.job_options import JobOptions
from jobs.submitting.lineage import Lineage
from modelstore.ground import naming
from modelstore.models import ApiKey
from training.ground.recipe import Recipe, RecipeInvalid, resolve
from training.kinds import ONE_LABEL

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 60


def check_accepting() -> None:
    """Raises DevMode or QueueFull when a job would be refused right now; asked before an upload is read."""
    platform = PlatformStatus.current()
    if platform.dev_mode:
        raise DevMode(platform.notice or DEV_MODE_NOTICE, retry_after=RETRY_AFTER_SECONDS)
    if is_full(
        platform,
        queued=Job.objects.filter(status=JobStatus.QUEUED).count(),
        running=Job.objects.running().count(),
    ):
        raise QueueFull(
            "Flash is training another model and the queue is full. Try again in a minute.",
            retry_after=RETRY_AFTER_SECONDS,
        )
    caps.check_day(platform)


def validate(*, task: str, task_name: str, values: Mapping[str, Any]) -> Recipe:
    """The whole configuration, or SubmissionInvalid with a sentence for each wrong field."""
    fields = _wrong_name(task_name)
    try:
        config = configuration(task=task, values=values)
    except SubmissionInvalid as error:
        raise SubmissionInvalid(_summary(fields | error.fields), fields=fields | error.fields) from error
    if fields:
        raise SubmissionInvalid(_summary(fields), fields=fields)
    return config


def check_name(task_name: str) -> None:
    """Raises SubmissionInvalid where a task cannot be called so; without a name it gets one."""
    if fields := _wrong_name(task_name):
        raise SubmissionInvalid(_summary(fields), fields=fields)


def _wrong_name(task_name: str) -> dict[str, list[str]]:
    wrong = naming.problem(task_name) if task_name.strip() else None
    return {"task_name": [wrong]} if wrong else {}


def configuration(*, task: str, values: Mapping[str, Any]) -> Recipe:
    """What `values` make of the presets; SubmissionInvalid with a sentence for each wrong one."""
    try:
        return resolve(task, values, settings.FLASH_LIMITS)
    except RecipeInvalid as error:
        raise SubmissionInvalid(_summary(error.fields), fields=error.fields) from error


def submit(
    *,
    dataset: Dataset,
    task_name: str,
    values: Mapping[str, Any],
    downloadable: bool = True,
    keep_dataset: bool = False,
    idempotency_key: str | None = None,
    api_key: ApiKey | None = None,
    job_options: JobOptions = JobOptions(),  # noqa: B008  # frozen
    lineage: Lineage = Lineage(),  # noqa: B008  # frozen
) -> Job:
    """Queues a job and answers it with its token; training begins as soon as a worker is free.

    A blank `task_name` is made up (task_names.proposed), or is that of the model that it continues.
    Raises SubmissionInvalid, NeedsChoice, UploadRefused, DevMode or QueueFull. The same `idempotency_key` with the
    same request answers the same job. With `api_key` the job is listed to whoever holds that key, and the two keys
    count together.
    """
    earlier = None
    if lineage.continue_from:
        earlier = retraining.earlier_model(
            token=lineage.continue_from, task_type=dataset.task_type, api_key=api_key
        )
        retraining.check_target(earlier, dataset.findings.get("target", ONE_LABEL))
        values = retraining.with_its_model(values, earlier)
    config = validate(task=dataset.task_type, task_name=task_name, values=values)
    config = dataclasses.replace(config, ordered=bool(dataset.findings.get("order")))
    name = naming.tidy(task_name) or (earlier.task_name if earlier else task_names.proposed(dataset))
    request = _scoped_key(idempotency_key, dataset, name, values, api_key)
    if known := Job.repeated(request):
        return known
    dataset.check_usable()
    try:
        with (
            _with_earlier_data(dataset, lineage, api_key) as whole,
            recording.begun_unless_unused(dataset=whole, keep=keep_dataset, told=_told(api_key)),
        ):
            return _create(
                job_options,
                whole,
                config,
                keep_dataset=keep_dataset,
                task_name=name,
                downloadable=downloadable,
                request=request,
                api_key=api_key,
                continues=earlier,
                reading={
                    "input_columns": dataset.findings.get("input_columns", []),
                    "label_column": dataset.findings.get("label_column"),
                },
            )
    except IntegrityError:
        # Two repeats at once: the other one made the job.
        if known := Job.repeated(request):
            return known
        raise


def _with_earlier_data(
    dataset: Dataset, lineage: Lineage, api_key: ApiKey | None
) -> AbstractContextManager[Dataset]:
    """The dataset, or a new one of it and the earlier data that it extends."""
    if not lineage.extend_dataset:
        return nullcontext(dataset)
    base = access.get_any_dataset(lineage.extend_dataset)
    whole = extension.extended(base=base, more=dataset, told=_told(api_key))
    return dataset_store.discarded_unless_used(whole)


def _told(api_key: ApiKey | None) -> Told:
    return Told(author=api_key.name if api_key else "")


@transaction.atomic
def _create(
    job_options: JobOptions,
    dataset: Dataset,
    config: Recipe,
    *,
    keep_dataset: bool,
    request: str | None,
    **columns: Any,
) -> Job:
    # One submission at a time counts the queue: the row lock on Postgres, BEGIN IMMEDIATE on SQLite.
    PlatformStatus.objects.select_for_update().filter(pk=PlatformStatus.current().pk).first()
    check_accepting()
    if keep_dataset and not dataset.kept:
        Dataset.objects.filter(pk=dataset.pk).update(kept=True)
    told, now = config.to_json(), timezone.now()
    quote = Quoter(now=now).quote(
        told, dataset.sample_count, lane=job_options.lane, max_minutes=job_options.max_minutes
    )
    expected = quote.undisturbed_seconds
    job = Job.with_new_token(
        dataset=dataset,
        version=dataset.version,
        task_type=dataset.task_type,
        preset=config.preset or "",
        model_name=config.model,
        config=told,
        sample_count=dataset.sample_count,
        lane=job_options.lane,
        max_minutes=job_options.max_minutes,
        quote=quote.to_json(),
        queued=now,
        expected_seconds=expected,
        due=lanes.due(now, expected),
        **columns,
    )
    job.seal_tokens()
    if request:
        job.keep_for_repeats(request)
    job.save(force_insert=True)
    notifications.ask(
        job=job, email=job_options.notify_email, webhook=job_options.notify_webhook, site=job_options.site
    )
    logger.info("Job %s is queued.", job.pk)
    transaction.on_commit(hints.wake_scheduler)
    return job


def _summary(fields: Mapping[str, list[str]]) -> str:
    return "Nothing was submitted yet. Please correct: " + ", ".join(sorted(fields)) + "."


def _scoped_key(
    key: str | None, dataset: Dataset, task_name: str, values: Mapping[str, Any], api_key: ApiKey | None
) -> str | None:
    """The key bound to the request's content, so that nobody reaches another's job by guessing a key."""
    if not key:
        return None
    owner = api_key.pk if api_key else None
    content = json.dumps([key, owner, dataset.sha256, task_name, dict(values)], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()
