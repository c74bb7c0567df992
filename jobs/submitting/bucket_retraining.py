"""New data that arrives in the bucket under incoming/<token of a model>/ and retrains that model.

S3 tells of it at least once and in no order: the object's key and content make the idempotency key, so that a repeated
notice is the same job.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from django.core.files.storage import default_storage

from jobs.datasets import dataset_store
from jobs.datasets.intake import check_size
from jobs.errors import NotPossibleNow, SubmissionInvalid
from jobs.models import Dataset, Job
from jobs.queue import retraining
from jobs.submitting import submission
from jobs.submitting.lineage import Lineage
from modelstore.access import get_model
from modelstore.ground import files
from modelstore.models import ApiKey, TrainedModel, find

PREFIX = "incoming/"
_MOST = 50


@dataclass(kw_only=True, slots=True)
class IncomingFile:
    """One object: the token of its model, its name, its key in the storage, and what tells versions apart."""

    token: str
    name: str | None
    key: str
    version: str

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with files.reading(self.key) as content:
            yield from content


def incoming_files(event: Mapping[str, Any]) -> list[IncomingFile]:
    """The objects that an S3 notification or an EventBridge event tells of; other events tell of none.

    SubmissionInvalid when it makes no sense, or is about another bucket.
    """
    try:
        found = [arrival for told in _told(event)[:_MOST] if (arrival := _arrival(*told))]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SubmissionInvalid(
            "This is not an S3 event. Send the event as S3 or EventBridge sends it."
        ) from error
    return found


def _told(event: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(bucket, key, version) of each new object."""
    if event.get("detail-type") == "Object Created":
        detail = event["detail"]
        told = detail["object"]
        return [(detail["bucket"]["name"], told["key"], str(told.get("etag") or told.get("sequencer") or ""))]
    rows = []
    for record in event.get("Records") or []:
        if str(record["eventName"]).removeprefix("s3:").startswith("ObjectCreated:"):
            told = record["s3"]["object"]
            version = str(told.get("eTag") or told.get("sequencer") or "")
            rows.append((record["s3"]["bucket"]["name"], unquote_plus(told["key"]), version))
    return rows


def _arrival(bucket: str, key: str, version: str) -> IncomingFile | None:
    ours = getattr(default_storage, "bucket_name", None)
    if bucket != ours:
        raise SubmissionInvalid("The event is for a different bucket from the one that this site uses.")
    location = str(getattr(default_storage, "location", "")).strip("/")
    inside = key.removeprefix(f"{location}/") if location else key
    token, _, name = inside.removeprefix(PREFIX).partition("/")
    if not inside.startswith(PREFIX) or not token or not name or name.endswith("/"):
        return None
    return IncomingFile(token=token, name=name, key=inside, version=version)


def retrain(*, arrival: IncomingFile, api_key: ApiKey | None) -> Job:
    """Submits a job that continues the model with the data that arrived, added to its earlier data if that is kept.

    Raises what an upload and a submission raise; then nothing is kept but the object itself.
    """
    model = get_model(arrival.token)
    retraining.earlier_model(token=arrival.token, task_type=model.task_type, api_key=api_key)
    if not default_storage.exists(arrival.key):
        raise NotPossibleNow("The object named in the event is no longer in the bucket.")
    check_size(default_storage.size(arrival.key))
    before = find(Job.objects.select_related("dataset"), arrival.token)
    arrived = dataset_store.store_upload(task_type=model.task_type, upload=arrival)
    with dataset_store.discarded_unless_used(arrived) as dataset:
        return _submit(arrival, model, before, dataset, api_key)


def _submit(
    arrival: IncomingFile, model: TrainedModel, before: Job | None, dataset: Dataset, api_key: ApiKey | None
) -> Job:
    return submission.submit(
        dataset=dataset,
        task_name=model.task_name,
        values={"preset": before.preset} if before is not None and before.preset else {},
        downloadable=model.downloadable,
        keep_dataset=before is not None and bool(before.kept_data),
        idempotency_key=f"s3:{arrival.key}:{arrival.version}",
        api_key=api_key,
        lineage=Lineage(
            continue_from=model.token, extend_dataset=before.kept_data if before is not None else ""
        ),
    )
