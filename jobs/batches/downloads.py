"""The results of a batch for its owner: streamed from the storage, never whole in memory."""

from contextlib import ExitStack
from pathlib import PurePath

from jobs.batches.child.order import CSV_FILE, RESULTS_FILE
from jobs.batches.errors import ResultsNotReady
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from modelstore.downloads.file_responses import ByteStream, DownloadFile, FormatUnknown
from modelstore.ground import files

FORMATS = {"csv": (CSV_FILE, "text/csv; charset=utf-8"), "jsonl": (RESULTS_FILE, "application/x-ndjson")}


def open_results(*, batch: BatchPrediction, format: str) -> DownloadFile:
    """All results, as csv or jsonl. Raises FormatUnknown (400), ResultsNotReady (409), StorageUnavailable (503)."""
    if format not in FORMATS:
        raise FormatUnknown(f"Choose one of these formats: {', '.join(FORMATS)}.")
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
