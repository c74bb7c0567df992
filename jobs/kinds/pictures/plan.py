"""Which entries of a zip are pictures of which class: finds its layout and repairs names of classes."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from jobs.kinds.pictures.entry_names import note_names
from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.kinds.pictures.layouts.companions import without_companions
from jobs.kinds.pictures.layouts.contract import Contents, Sample, skip_all, take_over
from jobs.kinds.pictures.layouts.registry import read_layout
from jobs.kinds.pictures.layouts.several_labels import said
from jobs.kinds.pictures.layouts.sources import with_sources
from jobs.kinds.pictures.layouts.split_lists import with_listed_splits
from jobs.kinds.pictures.layouts.split_names import TRAIN, split_word
from jobs.kinds.pictures.missing_labels import is_unlabelled
from jobs.kinds.pictures.moves import moved_pictures
from jobs.kinds.pictures.no_pictures import no_pictures
from jobs.kinds.pictures.options import KEEP, NONE, PictureOptions
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.class_edits import edited_classes
from jobs.uploads.detection import other_kind
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes, Question
from jobs.uploads.names import clean_label, same_class
from jobs.uploads.zip_contents import refuse_special, system_name
from training.ground.limits import Limits
from training.ground.picture_formats import HEAD_BYTES, OTHER_SUFFIXES, SUFFIXES, picture_format, video_name

# What lies beside pictures, by its true name.
_STRAY = {
    ".txt": "a text file",
    ".md": "a text file",
    ".csv": "a table",
    ".tsv": "a table",
    ".xlsx": "a workbook",
    ".xls": "a workbook",
    ".ods": "a workbook",
    ".json": "a JSON file",
    ".jsonl": "a JSON file",
    ".xml": "an XML file",
    ".html": "a web page",
    ".htm": "a web page",
    ".pdf": "a PDF",
    ".py": "a program",
    ".yaml": "a YAML file",
    ".yml": "a YAML file",
}
_COPY = re.compile(
    r"(?:(?P<front>.+?)(?:[ _-]+(?:copy|kopie|copie|copia|cópia)(?: ?\(\d+\))?| \(\d+\))"
    r"|(?:copy of|kopie von|copie de|copia de) (?P<behind>.+))$",
    re.IGNORECASE,
)
_LONGEST = 200
# So few pictures in other letters are rather a slip.
_FEW_OF_A_CASE = 10


@dataclass(frozen=True, slots=True)
class Planned:
    """A picture to look at: its entry, its class, and the path that people know it by; see `Sample` for the others.

    Where pictures may have any number of labels, `label` says the `labels` all.
    """

    entry: Entry
    label: str
    source: str
    split: str = ""
    group: str = ""
    labels: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its class, or all of its labels."""
        return (self.label,) if self.labels is None else self.labels


def plan_pictures(
    archive: Archive, limits: Limits, notes: Notes, options: PictureOptions | None = None
) -> list[Planned]:
    """The pictures of `archive` with their classes, in the order of the zip; raises UploadRefused."""
    refuse_special(archive)
    note_names(archive, notes)
    pictures, files = _sorted_out(archive, notes)
    if not pictures:
        raise no_pictures(archive)
    if len(pictures) > limits.max_pictures:
        raise UploadRefused(
            f"The zip has {len(pictures):,} pictures; at most {limits.max_pictures:,} are allowed.",
            status=413,
            code="too_many_pictures",
        )
    options = options or PictureOptions()
    contents = Contents(
        archive=archive,
        pictures=pictures if options.companions == KEEP else without_companions(pictures, notes),
        files=files,
        options=options,
        limits=limits,
        notes=notes,
    )
    try:
        reading = read_layout(contents)
    except UploadRefused as refusal:
        if refusal.code == "no_class_folders":
            _skip_strays(archive, files, notes)
        raise
    samples = with_listed_splits(reading.samples, contents, notes, reading.used)
    take_over(notes, reading.notes)
    _skip_strays(archive, [entry for entry in files if entry.where not in reading.used], notes)
    if options.sources == NONE:
        samples = [replace(sample, group="") for sample in samples]
    else:
        samples = with_sources(samples, notes)
    return _planned(_in_parts(_with_classes(moved_pictures(samples, contents), contents), contents))


def _sorted_out(archive: Archive, notes: Notes) -> tuple[list[Entry], list[Entry]]:
    """The pictures, and the files beside them that no operating system put there."""
    found, files, system = [], [], Counter[str]()
    for entry in archive.entries:
        name = system_name(entry)
        if name is not None:
            system[name] += 1
        elif may_be_picture(archive, entry):
            found.append(entry)
        else:
            files.append(entry)
    # Nobody put them there, so they count for nothing that is missing.
    for name, count in system.items():
        notes.repair(
            name, f"{count:,} hidden or system {'file was' if count == 1 else 'files were'} ignored."
        )
    return found, files


def _skip_strays(archive: Archive, files: Sequence[Entry], notes: Notes) -> None:
    kinds: dict[str, list[Entry]] = defaultdict(list)
    for entry in files:
        kinds[entry.suffix].append(entry)
    for suffix, entries in kinds.items():
        kind = f"{suffix} files" if suffix else "files without a suffix"
        skip_all(
            notes,
            entries,
            f"This is {_true_name(archive, entries[0])}, so it was left out.",
            f"{{count}} {kind} are not pictures, so they were left out.",
        )


def _true_name(archive: Archive, entry: Entry) -> str:
    if entry.suffix in _STRAY:
        return _STRAY[entry.suffix]
    head = archive.head(entry, HEAD_BYTES)
    other = other_kind(head)
    return video_name(head) or (f"{other[0]}, not a picture" if other else "not a picture")


def may_be_picture(archive: Archive, entry: Entry) -> bool:
    """Whether an entry is a picture by its name or its first bytes, readable here or not."""
    if entry.suffix in SUFFIXES or entry.suffix in OTHER_SUFFIXES:
        return True
    return entry.suffix not in _STRAY and picture_format(archive.head(entry, HEAD_BYTES)) is not None


def _in_parts(samples: Sequence[Sample], contents: Contents) -> list[Sample]:
    """The samples with the given parts, or without where these are merged or say nothing."""
    notes = contents.notes
    if contents.options.splits == "merge":
        if any(sample.split for sample in samples):
            notes.repair(
                "",
                "The given parts were combined: Flash sets aside its own part for validation.",
                undo={"splits": ""},
            )
        return [replace(sample, split="") for sample in samples]
    parts = {sample.split for sample in samples}
    if len(parts) < 2:
        return [replace(sample, split="") for sample in samples]
    if TRAIN not in parts and "" not in parts:
        notes.repair("", "There is no part to train on, so the given parts were combined.")
        return [replace(sample, split="") for sample in samples]
    if any(sample.labels is not None for sample in samples):
        return list(samples)  # the training sees to labels that nothing could teach
    learnt = {sample.label for sample in samples if sample.split in (TRAIN, "")}
    if len(learnt) < 2 <= len({sample.label for sample in samples}):
        notes.repair("", "The part to train on has fewer than two classes, so the given parts were combined.")
        return [replace(sample, split="") for sample in samples]
    kept = [sample for sample in samples if sample.label in learnt]
    strange = Counter(sample.label for sample in samples if sample.label not in learnt)
    for label, count in strange.items():
        notes.skip(
            label,
            f"This class is in no part to train on; its {count:,} pictures were left out.",
            count,
            undo={"splits": "merge"},
        )
    return kept


def _with_classes(samples: Sequence[Sample], contents: Contents) -> list[Sample]:
    """The samples with their classes for labels; without those whose class was left out."""
    limits, notes = contents.limits, contents.notes
    written = Counter(name for sample in samples for name in _names(sample))
    cleaned = {
        label: clean_label(label, f"Class {shown(label)}", limits.max_label_chars) for label in written
    }
    if contents.options.join_case is None:
        _ask_for_case(samples, cleaned, notes)
    label_of: Mapping[str, str | None]
    label_of = _merge_spellings(written, cleaned, notes, join_case=contents.options.join_case)
    if contents.options.classes:
        label_of = edited_classes(label_of, contents.options.classes, limits.max_label_chars, notes)
    label_of = _without_unlabelled(label_of, written, contents)
    classes = {label for label in label_of.values() if label}
    if len(classes) > limits.max_classes:
        raise UploadRefused(
            f"There are {len(classes):,} classes; at most {limits.max_classes:,} are allowed. "
            f"Does each picture have a folder or label of its own? {PICTURES_EXAMPLE}",
            status=422,
            code="too_many_classes",
        )
    _warn_of_split_names(classes, notes)
    _warn_of_copies(classes, notes)
    named = [_named(sample, label_of) for sample in samples]
    return [sample for sample in named if sample is not None]


def _names(sample: Sample) -> tuple[str, ...]:
    return (sample.label,) if sample.labels is None else sample.labels


def _named(sample: Sample, label_of: Mapping[str, str | None]) -> Sample | None:
    """The sample with its class, or all of its labels, as they are called now; None where it has none of them left."""
    kept = tuple(dict.fromkeys(name for label in _names(sample) if (name := label_of[label])))
    if sample.labels is None:
        return replace(sample, label=kept[0]) if kept else None
    return replace(sample, label=said(kept), labels=kept) if kept or not sample.labels else None


def _without_unlabelled(
    label_of: Mapping[str, str | None], written: Counter[str], contents: Contents
) -> Mapping[str, str | None]:
    """The classes without that of pictures which nobody labelled, where two others are there."""
    odd = {label for label in label_of.values() if label and is_unlabelled(label)}
    if contents.options.missing == KEEP or not odd or len({*label_of.values()} - odd - {None, ""}) < 2:
        return label_of
    for name in sorted(odd):
        count = sum(written[label] for label, now in label_of.items() if now == name)
        contents.notes.skip(
            name,
            f"Left out: these {count:,} pictures have no label, as the name says.",
            count,
            undo={"missing": KEEP},
        )
    return {label: None if name in odd else name for label, name in label_of.items()}


def _planned(samples: Sequence[Sample]) -> list[Planned]:
    groups = Counter(sample.group for sample in samples)
    return [
        Planned(
            sample.entry,
            sample.label,
            shown(sample.entry.where, 300),
            sample.split,
            sample.group if groups[sample.group] > 1 else "",
            sample.labels,
        )
        for sample in samples
    ]


def _ask_for_case(samples: Sequence[Sample], cleaned: dict[str, str], notes: Notes) -> None:
    """Folders side by side that differ only in case and hold about as many pictures may be meant as two classes."""
    counts: dict[tuple[tuple[str, ...], str], Counter[str]] = defaultdict(Counter)
    for sample in samples:
        parts = sample.entry.parts
        if sample.label in parts:
            above = parts[: parts.index(sample.label)]
            counts[above, same_class(cleaned[sample.label])][cleaned[sample.label]] += 1
    for found in counts.values():
        if len(found) > 1 and min(found.values()) >= max(_FEW_OF_A_CASE, max(found.values()) / 3):
            names = listed([f"{label} ({count:,})" for label, count in found.items()])
            notes.ask(
                Question(
                    field="join_case",
                    message=f"These folders differ only in upper and lower case: {names}. Are they one class?",
                    guess="yes",
                    choices=("yes", "no"),
                )
            )
            return


def _merge_spellings(
    written: Counter[str], cleaned: dict[str, str], notes: Notes, *, join_case: bool | None
) -> dict[str, str]:
    """Label as written to class: the most frequent spelling stands for all spellings of a class."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for label in written:
        clean = cleaned[label]
        spellings[clean if join_case is False else same_class(clean)].append(label)
    label_of = {}
    for same in spellings.values():
        best = cleaned[max(same, key=lambda label: written[label])]
        label_of.update(dict.fromkeys(same, best))
        if not best:
            notes.skip(
                shown(same[0]) or "a folder", "The name of this class has no visible characters.", len(same)
            )
        elif len(same) > 1:
            notes.repair(
                best,
                f"Classes whose names differ only in case or spaces were combined: {listed(same)}.",
                undo={"join_case": "no"} if len({cleaned[label] for label in same}) > 1 else None,
            )
        elif same[0] != best:
            notes.repair(best, "Spaces or invisible characters were removed from the name of the class.")
    return label_of


def _warn_of_copies(classes: Collection[str], notes: Notes) -> None:
    """Says which classes are called like a copy of another: cats - Copy, Copy of cats, cats (2)."""
    known = {same_class(label): label for label in classes}
    for label in sorted(classes):
        match = _COPY.match(label) if len(label) < _LONGEST else None
        original = known.get(same_class(match["front"] or match["behind"])) if match else None
        if original is not None:
            notes.warn(
                label,
                f'This is called like a copy of "{shown(original, 40)}". Join the two if they are one class.',
            )


def _warn_of_split_names(labels: set[str], notes: Notes) -> None:
    if labels and all(split_word(label.strip().lower()) for label in labels):
        notes.warn(
            listed(sorted(labels)),
            "The classes are named like parts of a dataset. Are these really the classes?",
        )
