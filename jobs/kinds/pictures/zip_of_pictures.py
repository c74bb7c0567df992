"""A zip of pictures: what is in it (`inspect_pictures`), and its files for the trainer (`unpack_pictures`)."""

import csv
import hashlib
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.kinds.pictures.check import SUFFIX_OF, Verdict, check_picture
from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.layouts.split_names import SPLITS
from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.plan import Planned, plan_pictures
from jobs.kinds.pictures.remarks import Remarks
from jobs.kinds.pictures.thumbnails import Thumbnails
from jobs.uploads.archive import Archive
from jobs.uploads.class_counts import checked_classes
from jobs.uploads.errors import MAX_NOTES, ColumnChoice, UploadRefused, shown
from jobs.uploads.findings import ClassCount, Notes
from training.ground.limits import MIB, Limits
from training.kinds.pictures import KIND

_THREADS = min(4, os.cpu_count() or 1)
_IN_FLIGHT_BYTES = 64 * MIB
_PER_FOLDER = 1_000
MANIFEST = "manifest.csv"
_ANYTHING = PictureOptions()


@dataclass(frozen=True, slots=True)
class _Checked:
    """A picture, its bytes, whether a thumbnail was wanted, and the verdict (from the pool, as soon as there)."""

    picture: Planned
    data: bytes
    thumbnail: bool
    future: Future[Verdict]

    @property
    def verdict(self) -> Verdict:
        return self.future.result()


def inspect_pictures(
    path: Path, limits: Limits, options: PictureOptions = _ANYTHING, *, decode_seconds: float = 20
) -> PictureFindings:
    """What the zip at `path` holds, after repairs; raises UploadRefused when it cannot be used.

    Pictures are decoded in full until `decode_seconds` have passed, after that their headers are read; a picture
    that slips through is left out by the trainer.
    """
    notes = Notes()
    with _refused_with(notes), Archive.open(path, limits, KIND, options.names_encoding) as archive:
        planned = plan_pictures(archive, limits, notes, options)
        thumbnails = Thumbnails({picture.label for picture in planned})
        twins, remarks = _Twins(), Remarks()
        counts: Counter[str] = Counter()
        parts: Counter[tuple[str, str]] = Counter()
        for checked in _good(archive, planned, limits, decode_seconds, notes, thumbnails):
            counts[checked.picture.label] += 1
            parts[checked.picture.label, checked.picture.split] += 1
            twins.add(checked.picture, checked.data)
            remarks.add(checked.picture.source, checked.verdict.remarks)
    remarks.report(notes)
    twins.report(notes)
    classes = _classes(counts, limits, notes)
    kept = {entry.label for entry in classes}
    return PictureFindings(
        classes=classes,
        sample_count=sum(entry.count for entry in classes),
        repairs=notes.repairs,
        skipped=notes.skipped,
        skipped_count=notes.skipped_count,
        warnings=notes.warnings,
        questions=notes.questions,
        splits=_split_counts(parts, kept),
        offered=notes.offered,
        thumbnails=sorted(
            (entry for entry in thumbnails.found if entry["label"] in kept), key=lambda entry: entry["label"]
        ),
    )


def _split_counts(parts: Counter[tuple[str, str]], kept: set[str]) -> dict[str, int]:
    """How many pictures of classes that are kept each given part has, in the order in which parts are used."""
    counts: Counter[str] = Counter()
    for (label, split), count in parts.items():
        if label in kept:
            counts[split] += count
    return {split: counts[split] for split in SPLITS if counts[split]}


def unpack_pictures(
    path: Path,
    destination: Path,
    limits: Limits,
    options: PictureOptions = _ANYTHING,
    *,
    decode_seconds: float = 20,
) -> None:
    """Writes NNN/NNNNNN.ext and manifest.csv into `destination`, by the plan of the check.

    The columns are file, label, source, and where any picture has them split and group. Names are
    generated, files are streamed. Raises UploadRefused; then `destination` is gone.
    """
    try:
        _unpack(path, destination, limits, options, decode_seconds)
    except BaseException:
        shutil.rmtree(destination, ignore_errors=True)
        raise


def _unpack(
    path: Path, destination: Path, limits: Limits, options: PictureOptions, decode_seconds: float
) -> None:
    notes = Notes()
    rows: list[tuple[str, Planned]] = []
    counts: Counter[str] = Counter()
    destination.mkdir(parents=True, exist_ok=True)
    with _refused_with(notes), Archive.open(path, limits, KIND, options.names_encoding) as archive:
        planned = plan_pictures(archive, limits, notes, options)
        for checked in _good(archive, planned, limits, decode_seconds, notes):
            name = f"{len(rows) // _PER_FOLDER:03d}/{len(rows):06d}.{SUFFIX_OF[checked.verdict.format]}"
            target = destination / name
            if len(rows) % _PER_FOLDER == 0:
                target.parent.mkdir(exist_ok=True)
            target.write_bytes(checked.data)
            rows.append((name, checked.picture))
            counts[checked.picture.label] += 1
    kept = {entry.label for entry in _classes(counts, limits, notes)}
    for name, picture in rows:
        if picture.label not in kept:
            (destination / name).unlink()
    _write_manifest(destination / MANIFEST, [row for row in rows if row[1].label in kept])


def _write_manifest(path: Path, rows: Sequence[tuple[str, Planned]]) -> None:
    columns = ["file", "label", "source"]
    columns += [name for name in ("split", "group") if any(getattr(picture, name) for _, picture in rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            [name, *(getattr(picture, column) for column in columns[1:])] for name, picture in rows
        )


def _good(
    archive: Archive,
    planned: Sequence[Planned],
    limits: Limits,
    decode_seconds: float,
    notes: Notes,
    thumbnails: Thumbnails | None = None,
) -> Iterator[_Checked]:
    """The usable pictures in the order of the zip; the others become notes."""
    light = [picture for picture in planned if picture.entry.size <= limits.max_picture_bytes]
    for picture in planned:
        if picture.entry.size > limits.max_picture_bytes:
            notes.skip(
                picture.source,
                f"Left out: it is larger than {limits.max_picture_bytes / MIB:g} MB. Save a smaller copy.",
            )
    for checked in _checked(archive, light, limits, decode_seconds, notes, thumbnails):
        if checked.verdict.reason is None:
            if thumbnails is not None and checked.verdict.data_uri is not None:
                thumbnails.add(checked.picture.label, checked.picture.source, checked.verdict.data_uri)
            yield checked
            continue
        notes.skip(checked.picture.source, f"Left out: {checked.verdict.reason}")
        if thumbnails is not None and checked.thumbnail:
            thumbnails.give_back(checked.picture.label)


def _checked(
    archive: Archive,
    planned: Sequence[Planned],
    limits: Limits,
    decode_seconds: float,
    notes: Notes,
    thumbnails: Thumbnails | None,
) -> Iterator[_Checked]:
    """Every picture with its verdict. Reads ahead as far as threads and memory allow."""
    deadline = time.monotonic() + decode_seconds
    waiting: deque[_Checked] = deque()
    in_flight, decoded = 0, 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for picture in planned:
            data = archive.read(picture.entry)
            decode = time.monotonic() < deadline
            decoded += decode
            thumbnail = thumbnails is not None and thumbnails.take(picture.label)
            suffix = picture.entry.suffix
            future = pool.submit(
                check_picture, data, limits, decode=decode, thumbnail=thumbnail, suffix=suffix
            )
            waiting.append(_Checked(picture, data, thumbnail, future))
            in_flight += len(data)
            while waiting and (len(waiting) > 4 * _THREADS or in_flight > _IN_FLIGHT_BYTES):
                in_flight -= len(waiting[0].data)
                yield waiting.popleft()
        yield from waiting
    if decoded < len(planned):
        notes.warn(
            "Time",
            f"{decoded:,} of {len(planned):,} pictures were decoded in full; only the headers of the "
            f"others were read. Any damaged ones among those are left out when training starts.",
        )


@contextmanager
def _refused_with(notes: Notes) -> Iterator[None]:
    """A refusal takes along what was skipped on the way: that is often the reason."""
    try:
        yield
    except UploadRefused as refusal:
        if not refusal.notes:
            told: list[object] = [*notes.skipped, *notes.repairs]
            refusal.notes = told[:MAX_NOTES]
        if refusal.columns or notes.offered:
            refusal.columns = replace(refusal.columns or ColumnChoice(), offered=notes.offered)
        raise


def _classes(counts: Counter[str], limits: Limits, notes: Notes) -> list[ClassCount]:
    if not counts:
        first = f" For example {notes.skipped[0]}" if notes.skipped else ""
        raise UploadRefused(
            f"None of the pictures can be used.{first} {PICTURES_EXAMPLE}",
            status=422,
            code="no_usable_pictures",
            notes=notes.skipped,
        )
    return checked_classes(counts, limits, notes, things="pictures", example=PICTURES_EXAMPLE)


class _Twins:
    """Finds pictures with the same bytes."""

    def __init__(self) -> None:
        self._first: dict[bytes, Planned] = {}
        self._count = 0
        self._example: tuple[Planned, Planned] | None = None
        self._crossing: list[tuple[Planned, Planned]] = []

    def add(self, picture: Planned, data: bytes) -> None:
        digest = hashlib.blake2b(data, digest_size=16).digest()
        first = self._first.setdefault(digest, picture)
        if first is picture:
            return
        self._count += 1
        self._example = self._example or (first, picture)
        if first.label != picture.label:
            self._crossing.append((first, picture))

    def report(self, notes: Notes) -> None:
        if self._crossing:
            first, second = self._crossing[0]
            count = len(self._crossing)
            also = f"{count:,} pictures are in two classes; this one is also"
            if count == 1:
                also = "This picture is in two classes; it is also"
            notes.warn(
                first.source,
                f'{also} "{shown(second.source)}". Keep each only in the class it belongs to.',
            )
        if self._count and self._example:
            first, second = self._example
            copy = f"{self._count:,} pictures are exact copies of others; this one of"
            if self._count == 1:
                copy = "This picture is an exact copy of"
            notes.warn(
                second.source,
                f'{copy} "{shown(first.source)}". Copies make the accuracy look better than it is.',
            )
