"""Takes uploads in, and hands datasets out to the worker."""

import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction

from jobs.datasets import reading
from jobs.datasets.intake import (
    Movable,
    Upload,
    check_size,
    clean_name,
    sha256_of,
    stream_to,
)
from jobs.errors import NeedsChoice, NotPossibleNow
from jobs.models import Dataset
from jobs.states import ACTIVE
from jobs.uploads import UploadRefused, lists_samples, uploads_of
from jobs.uploads.errors import ColumnChoice
from jobs.uploads.reader.order import Described
from modelstore.ground import files, temporary, tokens

# Options that say nothing: there is no file to blame.
_WRONG_CALLS = ("table_options_invalid", "picture_options_invalid")


def store_upload(*, task_type: str, upload: Upload, options: Mapping[str, Any] | None = None) -> Dataset:
    """Streams an upload to disk, checks it, stores file and row.

    Raises UploadRefused when it makes no sense and StorageFull when the disk is full; then nothing is kept, unless
    other columns may be chosen: such a refusal has the `token` of the dataset, which cannot be learnt from as it is.
    """
    with temporary.folder() as folder:
        path = folder / "upload"
        size, digest = stream_to(path, upload)
        name = clean_name(upload.name)
        file = _File(task_type, path, name, size, digest)
        return _inspected(file, dict(options or {}), keep_unread=True)


def store_file(
    *,
    task_type: str,
    path: Path,
    name: str,
    sha256: str,
    options: Mapping[str, Any],
    key: str = "",
    keep_unread: bool = True,
) -> Dataset:
    """Checks a file that is on this disk already; stores it (it is moved away) and its row.

    With `key`, storage has the file under that name. `sha256` is compared unless it is empty. Raises as
    `store_upload`; without `keep_unread` nothing is kept of what is refused.
    """
    size, digest = path.stat().st_size, sha256_of(path)
    check_size(size)
    if sha256 and sha256 != digest:
        raise UploadRefused(
            "The file that arrived is not the one that was sent: its SHA-256 differs. Upload it again.",
            status=422,
            code="checksum_differs",
        )
    file = _File(task_type, path, name, size, digest, key)
    return _inspected(file, dict(options), keep_unread=keep_unread)


def new_key() -> str:
    """A place in storage for a dataset whose row will be written later."""
    return Dataset._meta.get_field("file").generate_filename(Dataset(), tokens.new_token())


def reinspect(*, dataset: Dataset, options: Mapping[str, Any]) -> Dataset:
    """Reads a stored file again with other options."""
    if not uploads_of(dataset.task_type).READ_AGAIN:
        raise NotPossibleNow("There is nothing to choose about how such a file is read.")
    if dataset.jobs.exists():
        raise NotPossibleNow("A job uses this dataset already. Upload the file again to read it differently.")
    with temporary.folder() as folder:
        path = _fetch(dataset, folder)
        findings = reading.inspect(task=dataset.task_type, path=path, name=dataset.name, options=options)
    for field, value in _described(findings).items():
        setattr(dataset, field, value)
    dataset.options = dict(options)
    dataset.save(update_fields=[*_described(findings), "options"])
    return dataset


def samples(*, dataset: Dataset, label: str, start: int, count: int) -> dict[str, Any]:
    """Samples of one class to look at, see `SampleLister`. Raises NotPossibleNow, UploadRefused."""
    if not lists_samples(dataset.task_type):
        raise NotPossibleNow("The single samples of such a file cannot be listed.")
    with temporary.folder() as folder:
        # To look at: the reading that counts compares the bytes with what was sent.
        path = _fetch(dataset, folder, compare=False)
        return reading.samples(
            task=dataset.task_type,
            path=path,
            name=dataset.name,
            options=dataset.options,
            label=label,
            start=start,
            count=count,
        )


def notes_csv(dataset: Dataset) -> bytes:
    """Every repair, skipped sample and warning as CSV (UTF-8 with a mark, as spreadsheets like it)."""
    packed = bytes(dataset.notes_csv)
    return b"\xef\xbb\xbf" + (zlib.decompress(packed) if packed else b"")


def materialise(*, dataset: Dataset, run_dir: Path) -> None:
    """Writes `data/` of a RUN_DIR from the stored file, by the same plan as the check."""
    data = run_dir / "data"
    if data.exists():
        shutil.rmtree(data)
    path = _fetch(dataset, run_dir)
    reading.unpack(
        task=dataset.task_type,
        path=path,
        name=dataset.name,
        data=data,
        options=dataset.options,
        seen=dataset.seen,
    )
    if path.is_relative_to(run_dir):
        path.unlink()


def discard(dataset: Dataset) -> None:
    """Deletes row and file; the file goes only after the row is surely gone."""
    key = str(dataset.file.name)
    dataset.delete()
    transaction.on_commit(lambda: default_storage.delete(key))


@contextmanager
def discarded_unless_used(dataset: Dataset) -> Iterator[Dataset]:
    """Within it a new dataset is to become a job's; if it did not, whatever the reason, it is gone afterwards.

    The one place that decides so; what has a page of its own stays until its time is up (`Dataset.objects.forgotten`),
    and so does what somebody is asked about.
    """
    is_asked_about = False
    try:
        yield dataset
    except NeedsChoice:
        is_asked_about = True
        raise
    finally:
        # A database that is away now: the sweep forgets the dataset later, and the first error is the one to tell.
        with suppress(DatabaseError):
            if not is_asked_about and not dataset.jobs.exists():
                discard(dataset)


def is_needed(dataset: Dataset) -> bool:
    """Whether an unfinished job still needs the data."""
    return dataset.jobs.filter(status__in=ACTIVE).exists()


def _described(findings: Described) -> dict[str, Any]:
    document = dict(findings.document)
    thumbnails, seen = document.pop("thumbnails", []), document.pop("seen", "")
    return {
        "notes_csv": findings.notes,
        "sample_count": document["sample_count"],
        "classes": document["classes"],
        "findings": document,
        "thumbnails": thumbnails,
        "seen": seen,
    }


@dataclass(frozen=True, slots=True)
class _File:
    """A file on this disk on its way to storage; with `key` storage has it already."""

    task: str
    path: Path
    name: str
    size: int
    digest: str
    key: str = ""


def _inspected(file: _File, options: dict[str, Any], *, keep_unread: bool) -> Dataset:
    try:
        findings = reading.inspect(task=file.task, path=file.path, name=file.name, options=options)
    except UploadRefused as refusal:
        chosen = options and refusal.status in (400, 422) and refusal.code not in _WRONG_CALLS
        if keep_unread and (refusal.can_be_read_otherwise or chosen):
            refusal.token = _store(file, _unread(refusal, refusal.columns or ColumnChoice()), options).token
        raise
    return _store(file, _described(findings), options)


def _unread(refusal: UploadRefused, columns: ColumnChoice) -> dict[str, Any]:
    """What is known of a file that cannot be learnt from as it was read."""
    told = {name: getattr(refusal, name) for name in ("status", "code", "title", "detail")}
    return {
        "sample_count": 0,
        "classes": [],
        "findings": {
            "refusal": told,
            "columns": columns.names,
            "input_column": columns.input,
            "input_columns": [columns.input] if columns.input else [],
            "label_column": columns.label,
            "glance": columns.rows,
            "offered": columns.offered,
        },
    }


def _store(file: _File, described: Mapping[str, Any], options: dict[str, Any]) -> Dataset:
    dataset = Dataset.with_new_token(
        task_type=file.task,
        name=file.name,
        size_bytes=file.size,
        sha256=file.digest,
        options=options,
        **described,
    )
    if file.key:
        dataset.file.name = file.key
    else:
        with Movable(file.path) as content:
            dataset.file.save(tokens.new_token(), content, save=False)
    try:
        dataset.save(force_insert=True)
    except BaseException:
        default_storage.delete(str(dataset.file.name))
        raise
    return dataset


def _fetch(dataset: Dataset, folder: Path, *, compare: bool = True) -> Path:
    """A local path of the stored file: the file itself where storage is local, else a copy in `folder`.

    Raises UploadRefused when it is gone or not what was uploaded, StorageUnavailable.
    """
    key = str(dataset.file.name)
    path = files.local_path(key)
    try:
        if path is None:
            path = folder / "dataset"
            path.unlink(missing_ok=True)
            files.fetch(key, path)
        digest = sha256_of(path) if compare else dataset.sha256
    except FileNotFoundError as error:
        raise UploadRefused("The stored data is gone. Upload it again and submit a new job.") from error
    if digest != dataset.sha256:
        raise UploadRefused("The stored data was damaged. Upload it again and submit a new job.")
    return path
