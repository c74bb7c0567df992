"""What annotation files say of pictures: labels of whole pictures, and classes of boxes or outlines in them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from jobs.kinds.pictures.layouts.contract import Contents, Reading, Sample
from jobs.kinds.pictures.layouts.several_labels import as_set, refuse_several
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.kinds.pictures.options import EACH, KEEP_SINGLE
from jobs.uploads.archive import Entry
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes

_FEW = 0.05


@dataclass(frozen=True, slots=True)
class Mark:
    """What one file says of one picture: `labels` of the whole picture, and the classes of `boxes` in it."""

    picture: str
    labels: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    split: str = ""


class AnnotationFormat(Protocol):
    """A format of annotations: its name for sentences, and how it is read.

    `read` gives the marks of every file in the zip that is of this format, each with that file; nothing where there is
    none. Damaged files are passed over.
    """

    @property
    def name(self) -> str: ...

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]: ...


@dataclass(kw_only=True, slots=True)
class MarkReading(Reading):
    """`refusal` is set where there are boxes of several classes or several labels in one picture."""

    name: str
    where: str
    from_boxes: bool
    refusal: UploadRefused | None = None

    @property
    def words(self) -> str:
        return f"the annotations in {self.where} ({self.name})"


@dataclass(slots=True)
class _Known:
    labels: dict[int, tuple[str, ...]] = field(default_factory=dict)
    boxes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    splits: dict[int, str] = field(default_factory=dict)
    used: dict[str, Entry] = field(default_factory=dict)
    unknown: int = 0


def read_marks(form: AnnotationFormat, contents: Contents) -> MarkReading | None:
    """The pictures with the labels that annotations of one format give them; None where there are none."""
    known = _known(form.read(contents), contents)
    if not known.used or not (known.labels or known.boxes):
        return None
    from_boxes = len(known.labels) < len(known.boxes)
    said = known.boxes if from_boxes else known.labels
    files = list(known.used)
    where = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1:,} more files"
    notes = Notes()
    reading = MarkReading(
        samples=[], notes=notes, used=set(files), name=form.name, where=where, from_boxes=from_boxes
    )
    mixed = {at: labels for at, labels in said.items() if len(labels) > 1}
    if mixed and contents.options.several_labels == EACH:
        reading.samples = _each(said, known, contents, notes, where)
        _tell(form, reading, known, each=True)
        return reading
    if len(mixed) > _FEW * len(said) and contents.options.several_labels != KEEP_SINGLE:
        at, labels = next(iter(mixed.items()))
        picture = contents.pictures[at].where
        reading.refusal = (
            refuse_boxes(f"{where}, {form.name}", picture, list(labels))
            if from_boxes
            else refuse_several(where, picture, list(labels), count=len(mixed))
        )
        return reading
    _leave_out(mixed, from_boxes, contents, notes)
    reading.samples = _samples(said, known, contents, notes, where)
    _tell(form, reading, known)
    _refuse_one_class(reading, said)
    return reading


def refuse_boxes(where: str, picture: str, labels: Sequence[str]) -> UploadRefused:
    """The refusal of annotations whose boxes say several things of one picture."""
    return UploadRefused(
        f"The annotations ({shown(where, 120)}) outline things in the pictures: these are boxes, and in "
        f'"{shown(picture)}" they are of several classes ({listed(list(labels))}). Flash does not learn boxes yet. '
        "It can learn which classes are in a picture (several_labels=each). Or give each picture one label, or cut out "
        "the boxes and sort the pieces into a folder for each class.",
        status=422,
        code="boxes",
    )


def _known(marks: Iterable[tuple[Entry, Mark]], contents: Contents) -> _Known:
    known = _Known()
    for entry, mark in marks:
        known.used[entry.where] = entry
        at = contents.index.find(mark.picture, entry.parts[:-1], mark.split)
        if at is None:
            known.unknown += 1
            continue
        for found, more in ((known.labels, mark.labels), (known.boxes, mark.boxes)):
            if more:
                found[at] = tuple(dict.fromkeys((*found.get(at, ()), *more)))
        split = mark.split or next(
            (s for part in contents.pictures[at].parts[:-1] if (s := split_of(part))), ""
        )
        if split:
            known.splits[at] = split
    return known


def _leave_out(mixed: dict[int, tuple[str, ...]], from_boxes: bool, contents: Contents, notes: Notes) -> None:
    what = "boxes of several classes" if from_boxes else "several labels"
    for at, labels in mixed.items():
        notes.skip(
            contents.pictures[at].where, f"This has {what} ({listed(list(labels))}), so it was left out."
        )


def _each(
    said: dict[int, tuple[str, ...]], known: _Known, contents: Contents, notes: Notes, where: str
) -> list[Sample]:
    """The pictures with all of their labels; those that nothing is said of are left out."""
    every = {at: as_set(labels) for at, labels in said.items()}
    samples = _samples({at: (words,) for at, (words, _) in every.items()}, known, contents, notes, where)
    place = {id(entry): at for at, entry in enumerate(contents.pictures)}
    return [replace(sample, labels=every[place[id(sample.entry)]][1]) for sample in samples]


def _samples(
    said: dict[int, tuple[str, ...]], known: _Known, contents: Contents, notes: Notes, where: str
) -> list[Sample]:
    samples, without = [], []
    for at, entry in enumerate(contents.pictures):
        labels = said.get(at, ())
        if len(labels) == 1:
            samples.append(Sample(entry, labels[0], known.splits.get(at, "")))
        elif not labels:
            without.append(entry)
    if without:
        notes.skip(
            without[0].where,
            f"{len(without):,} pictures have no label in {shown(where, 60)}, this one for example; they "
            f"were left out.",
            len(without),
        )
    return samples


def _tell(form: AnnotationFormat, reading: MarkReading, known: _Known, *, each: bool = False) -> None:
    if reading.from_boxes and each:
        reading.notes.repair(
            reading.where,
            f"These are boxes ({form.name}). Flash does not learn boxes yet; the classes of the boxes in a picture "
            "became labels of the whole picture, as you chose.",
        )
    elif reading.from_boxes:
        reading.notes.repair(
            reading.where,
            f"These are boxes ({form.name}). Flash does not learn boxes yet; all boxes of a picture are "
            f"of one class here, "
            "so this became the label of the whole picture.",
        )
    else:
        reading.notes.repair(reading.where, f"The labels of the pictures were read from this ({form.name}).")
    if known.unknown:
        reading.notes.warn(
            reading.where, f"{known.unknown:,} annotations are of pictures that are not in the zip."
        )


def _refuse_one_class(reading: MarkReading, said: dict[int, tuple[str, ...]]) -> None:
    classes = Counter(labels[0] for labels in said.values())
    if len(classes) < 2 and reading.from_boxes:
        only = next(iter(classes), "")
        reading.refusal = UploadRefused(
            f'The annotations ({shown(reading.where)}, {reading.name}) outline "{shown(only, 40)}" in the pictures: '
            "these are boxes of one class. Flash does not learn boxes yet, and to tell pictures apart it needs at "
            "least two classes, a folder for each.",
            status=422,
            code="boxes",
        )
