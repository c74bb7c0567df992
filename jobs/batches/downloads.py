"""The results of a batch for its owner: streamed from the storage, never whole in memory."""

from contextlib import ExitStack
from pathlib import PurePath

from jobs.batches.child.order import CSV_FILE, RESULTS_FILE, SORTED_FILE, XLSX_FILE
from jobs.batches.errors import ResultsNotReady
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from modelstore.downloads.file_responses import ByteStream, DownloadFile, FormatUnknown
from modelstore.ground import files

FORMATS = {
    "xlsx": (XLSX_FILE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (CSV_FILE, "text/csv; charset=utf-8"),
    "jsonl": (RESULTS_FILE, "application/x-ndjson"),
    "zip": (SORTED_FILE, "application/zip"),
}
# What batches had before their rows said so.
_ALWAYS = ("csv", "jsonl")


def formats_of(batch: BatchPrediction) -> list[str]:
    """The formats in which there are results of a batch that is done."""
    return [name for name in FORMATS if name in batch.summary.get("formats", _ALWAYS)]


def open_results(*, batch: BatchPrediction, format: str) -> DownloadFile:
    """All results, in a format of `formats_of`, or, as zip, the pictures themselves in a folder for each label.

    Raises FormatUnknown (400), ResultsNotReady (409), StorageUnavailable (503).
    """
    if format not in formats_of(batch):
        raise FormatUnknown(f"Choose one of these formats: {', '.join(formats_of(batch))}.")
    if batch.status != BatchStatus.DONE:
        raise ResultsNotReady(
            "The results are available once the batch is done."
            if batch.is_active
            else "This batch did not finish, so it has no results. Send the file again."
        )
    file, content_type = FORMATS[format]
    with ExitStack() as stack:
        try:
            chunks = stack.enter_context(files.reading(f"{batch.results_prefix}/{file}"))
        except FileNotFoundError as error:
            raise files.storage_unavailable() from error
        name = f"{PurePath(batch.name).stem[:80] or 'results'}-predictions.{format}"
        return DownloadFile(
            name=name, content_type=content_type, size=None, stream=ByteStream(chunks, stack.pop_all())
        )
