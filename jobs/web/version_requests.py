"""What pages and API read of a request for samples of a version, and the file that they answer."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from django.http import HttpResponseBase
from django.utils.dateparse import parse_datetime

from jobs.datasets.versions import manifests, training_sets
from jobs.datasets.versions.manifests import Manifest
from jobs.errors import SubmissionInvalid
from jobs.models import VersionedDataset
from modelstore.downloads.file_responses import ByteStream, DownloadFile, FormatUnknown, download_response

_CHUNK = 1024**2


def manifest_of(dataset: VersionedDataset, number: str, as_of: str) -> Manifest:
    """The samples of a version as of a time ("": no time). Raises SubmissionInvalid, VersionUnknown."""
    time = _time(as_of) if as_of else None
    if time is not None and number == "head":
        version = manifests.as_of(dataset, time)
    else:
        version = manifests.get_version(dataset, number)
    return manifests.manifest(dataset, version, time)


def download(manifest: Manifest, format: str) -> HttpResponseBase:
    """The samples as a file that is gone once it was sent. Raises FormatUnknown."""
    if format not in training_sets.FORMATS:
        raise FormatUnknown(f"Choose one of these formats: {', '.join(training_sets.FORMATS)}.")
    if not len(manifest):
        raise SubmissionInvalid("There is no sample in this version at that time.")
    with ExitStack() as stack:
        path, name = stack.enter_context(training_sets.downloadable(manifest=manifest, format=format))
        file = stack.enter_context(path.open("rb"))
        return download_response(
            DownloadFile(
                name=name,
                content_type="application/octet-stream",
                size=path.stat().st_size,
                stream=ByteStream(iter(partial(file.read, _CHUNK), b""), stack.pop_all()),
            )
        )


def _time(text: str) -> datetime:
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None:
        sentence = "Give a time such as 2026-11-20T09:00:00Z."
        raise SubmissionInvalid(f"`as_of` cannot be read. {sentence}", fields={"as_of": [sentence]})
    return found if found.tzinfo else found.replace(tzinfo=UTC)
