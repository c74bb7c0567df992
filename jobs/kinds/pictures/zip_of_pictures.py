"""A zip of pictures: what is in it (`inspect_pictures`), and its files for the trainer (`unpack_pictures`)."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jobs.kinds.pictures.check import SUFFIX_OF
from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.layouts.split_names import SPLITS
from jobs.kinds.pictures.looking import Looking
from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.plan import Planned, plan_pictures
from jobs.kinds.pictures.remarks import Remarks
from jobs.kinds.pictures.thumbnails import Thumbnails
from jobs.kinds.pictures.twins import Twins
from jobs.uploads.archive import Archive
from jobs.uploads.class_counts import checked_classes
from jobs.uploads.class_order import found_order
from jobs.uploads.errors import MAX_NOTES, ColumnChoice, UploadRefused
from jobs.uploads.findings import ClassCount, Notes
from training.ground.limits import Limits
from training.kinds import MANY_LABELS, ONE_LABEL
from training.kinds.pictures import KIND

_PER_FOLDER = 1_000
# Somebody waits for the check; nobody does for the unpacking, but it has to end.
CHECK_SECONDS, UNPACK_SECONDS = 20, 300
MANIFEST = "manifest.csv"
_ANYTHING = PictureOptions()


def inspect_pictures(
    path: Path, limits: Limits, options: PictureOptions = _ANYTHING, *, decode_seconds: float = CHECK_SECONDS
) -> PictureFindings:
    """What the zip at `path` holds, after repairs; raises UploadRefused when it cannot be used.

    Pictures are decoded in full until `decode_seconds` have passed, after that their headers are read; the others are
    decoded when they are unpacked.
    """
    notes = Notes()
    with _refused_with(notes), Archive.open(path, limits, KIND, options.names_encoding) as archive:
        planned = plan_pictures(archive, limits, notes, options)
        thumbnails = Thumbnails({picture.label for picture in planned})
        twins, remarks = Twins(), Remarks()
        looking = Looking(archive, planned, limits, notes)
        counts: Counter[str] = Counter()
        pictures: list[Planned] = []
        for checked in looking.good(decode_seconds, thumbnails):
            counts.update(checked.picture.names)
            pictures.append(checked.picture)
            twins.add(checked.picture, checked.data)
            remarks.add(checked.picture.source, checked.verdict.remarks)
    remarks.report(notes)
    twins.report(notes)
    classes = _classes(counts, limits, notes)
    kept = {entry.label for entry in classes}
    used = [picture for picture in pictures if _keeps(picture, kept)]
    if lost := [picture for picture in pictures if picture.labels and not _keeps(picture, kept)]:
        notes.skip(lost[0].source, "Left out: pictures whose labels are all left out.", len(lost))
    shown = {picture.label for picture in used}
    target = MANY_LABELS if any(picture.labels is not None for picture in used) else ONE_LABEL
    return PictureFindings(
        classes=classes,
        sample_count=len(used),
        target=target,
        unlabelled=sum(not picture.names for picture in used),
        order=found_order(classes, options.order, notes) if target == ONE_LABEL else [],
        repairs=notes.repairs,
        skipped=notes.skipped,
        skipped_count=notes.skipped_count,
        warnings=notes.warnings,
        questions=notes.questions,
        splits=_split_counts(used),
        offered=notes.offered,
        found=notes.found,
        thumbnails=sorted(
            (entry for entry in thumbnails.found if entry["label"] in shown),
            key=lambda entry: entry["label"],
        ),
        headers_only=looking.seen.unseen,
        seen=looking.seen.to_text(),
    )


def _keeps(picture: Planned, kept: Collection[str]) -> bool:
    """Whether it has a class that is kept; one without any label has none to lose."""
    return picture.labels == () or any(name in kept for name in picture.names)


def _split_counts(used: Sequence[Planned]) -> dict[str, int]:
    """How many of the pictures each given part has, in the order in which parts are used."""
    counts = Counter(picture.split for picture in used)
    return {split: counts[split] for split in SPLITS if counts[split]}


def unpack_pictures(
    path: Path,
    destination: Path,
    limits: Limits,
    options: PictureOptions = _ANYTHING,
    seen: str = "",
    *,
    decode_seconds: float = UNPACK_SECONDS,
) -> None:
    """Writes NNN/NNNNNN.ext and manifest.csv into `destination`, by the plan of the check.

    The columns are file, label, source, and where any picture has them split and group. Names are generated. Pictures
    are decoded as by `inspect_pictures`, but for those that its `seen` tells of; a damaged one that slips through is
    left out by the trainer. Raises UploadRefused; then `destination` is gone.
    """
    try:
        _unpack(path, destination, limits, options, seen, decode_seconds)
    except BaseException:
        shutil.rmtree(destination, ignore_errors=True)
        raise


def _unpack(
    path: Path, destination: Path, limits: Limits, options: PictureOptions, seen: str, decode_seconds: float
) -> None:
    notes = Notes()
    rows: list[tuple[str, Planned]] = []
    counts: Counter[str] = Counter()
    destination.mkdir(parents=True, exist_ok=True)
    with _refused_with(notes), Archive.open(path, limits, KIND, options.names_encoding) as archive:
        planned = plan_pictures(archive, limits, notes, options)
        for checked in Looking(archive, planned, limits, notes, seen).good(decode_seconds):
            name = f"{len(rows) // _PER_FOLDER:03d}/{len(rows):06d}.{SUFFIX_OF[checked.verdict.format]}"
            target = destination / name
            if len(rows) % _PER_FOLDER == 0:
                target.parent.mkdir(exist_ok=True)
            target.write_bytes(checked.data)
            rows.append((name, checked.picture))
            counts.update(checked.picture.names)
    kept = {entry.label for entry in _classes(counts, limits, notes)}
    for name, picture in rows:
        if not _keeps(picture, kept):
            (destination / name).unlink()
    _write_manifest(destination / MANIFEST, [row for row in rows if _keeps(row[1], kept)], kept)


def _write_manifest(path: Path, rows: Sequence[tuple[str, Planned]], kept: Collection[str]) -> None:
    """The column `labels` has JSON lists, where pictures may have any number of them, in place of `label`."""
    many = any(picture.labels is not None for _, picture in rows)
    columns = ["file", "labels" if many else "label", "source"]
    columns += [name for name in ("split", "group") if any(getattr(picture, name) for _, picture in rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            [
                name,
                json.dumps([label for label in picture.names if label in kept]) if many else picture.label,
                *(getattr(picture, column) for column in columns[2:]),
            ]
            for name, picture in rows
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
