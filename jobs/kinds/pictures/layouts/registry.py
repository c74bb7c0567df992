"""Which layout a zip has: by what it holds, or as the user says."""

import re
from collections import Counter, defaultdict
from dataclasses import replace

from jobs.kinds.pictures.layouts.class_names import names_of_codes
from jobs.kinds.pictures.layouts.contract import Contents, Reading
from jobs.kinds.pictures.layouts.described import described_tables, offer_tables
from jobs.kinds.pictures.layouts.file_names import NameReading, names_cross_folders, read_file_names
from jobs.kinds.pictures.layouts.folders import FolderReading, read_folders
from jobs.kinds.pictures.layouts.json_annotations import JSON_FORMATS
from jobs.kinds.pictures.layouts.loose import refuse_choice, refuse_loose
from jobs.kinds.pictures.layouts.marks import AnnotationFormat, MarkReading, read_marks
from jobs.kinds.pictures.layouts.split_names import are_numbered
from jobs.kinds.pictures.layouts.tables import TableReading, read_tables
from jobs.kinds.pictures.layouts.text_annotations import TEXT_FORMATS, Cub
from jobs.kinds.pictures.layouts.xml_annotations import XML_FORMATS
from jobs.kinds.pictures.layouts.yolo import Yolo
from jobs.kinds.pictures.options import (
    FILE_NAMES,
    FOLDERS,
    KEEP,
    OUTER_FOLDERS,
    SUBFOLDERS,
    table_choice,
)
from jobs.uploads.errors import listed, shown
from jobs.uploads.findings import Question

# The first that says something of the pictures counts.
ANNOTATIONS: tuple[AnnotationFormat, ...] = (*JSON_FORMATS, *XML_FORMATS, *TEXT_FORMATS, Yolo())
# Those that may say of whole pictures something else than their folders.
WHOLE: tuple[AnnotationFormat, ...] = (*JSON_FORMATS, Cub())
_AGREES = 0.95
_MOST_FILES = 30
_CODE = re.compile(r"[a-zA-Z]{0,3}[\d_\-]+")


def read_layout(contents: Contents) -> Reading:
    """The pictures with their labels as the zip says them; raises UploadRefused where it does not say."""
    try:
        reading = _read(contents)
    finally:
        # Also of use where nothing was found.
        if contents.files:
            offer_tables(contents)
    if contents.options.labels_from is None:
        contents.notes.find("labels_from", reading.words)
    if contents.options.label_column is None and isinstance(reading, TableReading):
        contents.notes.find("label_column", reading.column)
    return reading


def _read(contents: Contents) -> Reading:
    chosen = contents.options.labels_from
    if chosen in (FOLDERS, SUBFOLDERS, OUTER_FOLDERS):
        reading = _by_folders(contents)
    elif chosen == FILE_NAMES:
        reading = _by_names(contents)
    elif chosen is not None or (contents.options.label_column and described_tables(contents)):
        reading = _by_table(contents)
    else:
        reading = _found(contents)
    if isinstance(reading, FolderReading):
        keep = chosen == FOLDERS or contents.options.codes == KEEP or not _are_codes(reading)
        return reading if keep else _with_names(contents, reading)
    _offer_undo(contents, reading)
    return reading


def _offer_undo(contents: Contents, reading: Reading) -> None:
    """What says where labels not of folders were read can be taken back: by the choice, or by the folders."""
    if contents.options.labels_from or contents.options.label_column:
        undo = {"labels_from": "", "label_column": ""}
    elif _has_classes(read_folders(contents, FOLDERS)):
        undo = {"labels_from": FOLDERS}
    else:
        return  # there is nothing else to read
    reading.notes.repairs[:] = [
        note if note.undo else replace(note, undo=undo) for note in reading.notes.repairs
    ]


def _with_names(contents: Contents, folders: FolderReading) -> FolderReading:
    """Folders that are codes, with the names that a file beside them gives to all of these."""
    found = names_of_codes({sample.label for sample in folders.samples}, contents)
    if found is None:
        return folders
    where, names = found
    folders.samples = [replace(sample, label=names[sample.label]) for sample in folders.samples]
    folders.used.add(where)
    code, name = next(iter(names.items()))
    folders.notes.repair(
        where,
        f"The folders are codes, whose names were read from this ({shown(code, 40)}: {shown(name, 40)}).",
        undo={"codes": KEEP},
    )
    return folders


def _by_folders(contents: Contents) -> Reading:
    reading = read_folders(contents)
    return reading if reading.samples else refuse_loose(contents, reading)


def _by_names(contents: Contents) -> Reading:
    reading = read_file_names(contents, read_folders(contents))
    if reading is None:
        raise refuse_choice("The names of the files do not begin or end with a class.")
    return reading


def _by_table(contents: Contents) -> Reading:
    for form in ANNOTATIONS if contents.options.table else ():
        marks = read_marks(form, contents)
        if marks is not None and contents.options.table in marks.used:
            return _taken(marks)
    table = read_tables(contents)
    if table is None:
        raise refuse_choice(f'"{shown(contents.options.table)}" does not name the pictures and their labels.')
    return _taken(table)


def _taken(reading: TableReading | MarkReading) -> Reading:
    if reading.refusal is not None:
        raise reading.refusal
    return reading


def _found(contents: Contents) -> Reading:
    folders = read_folders(contents)
    table = read_tables(contents) if contents.files else None
    if folders.samples and folders.telling:
        if table is None and _has_annotations(contents):
            marks = next((found for form in WHOLE if (found := read_marks(form, contents)) is not None), None)
            if marks is not None and not marks.from_boxes:
                return _folders_or_said(contents, folders, marks)
        return _folders_or_said(contents, folders, table)
    marks = _marks(contents) if contents.files else None
    names = read_file_names(contents, folders)
    if marks is not None and marks.from_boxes and names is not None and names.sure:
        # Names that tell a class for every picture say more than boxes in some of them.
        marks = marks if len(marks.samples) >= len(names.samples) else None
    for reading in (marks, table):
        if reading is not None and reading.refusal is None and _has_classes(reading):
            if isinstance(reading, TableReading):
                _ask_for_column(contents, reading)
            return reading
    if names is not None:
        return _ask_for_names(contents, names)
    for reading in (marks, table):
        if reading is not None:
            return _taken(reading)
    return refuse_loose(contents, folders)


def _marks(contents: Contents) -> MarkReading | None:
    readings = (read_marks(form, contents) for form in ANNOTATIONS)
    return next((reading for reading in readings if reading is not None), None)


def _has_classes(reading: Reading) -> bool:
    return len({sample.label for sample in reading.samples}) > 1


def _has_annotations(contents: Contents) -> bool:
    """Whether there are files that may hold the labels of all pictures, and not one for each picture."""
    return 0 < sum(entry.suffix in (".json", ".txt") for entry in contents.files) <= _MOST_FILES


def _folders_or_said(
    contents: Contents, folders: FolderReading, table: TableReading | MarkReading | None
) -> Reading:
    """Folders that may be classes, beside a table or annotations that say something of the same pictures."""
    if table is None or not table.samples or not _has_classes(table):
        return _ask_for_names_or_level(contents, folders)
    words = _agreement(folders, table)
    if words is not None:
        if _are_codes(folders) and not _are_codes(table):
            return table
        return _joined(contents, folders, table, words)
    sure = table.sure if isinstance(table, TableReading) else True
    if not sure or table.refusal is not None or len(table.samples) < 0.5 * len(folders.samples):
        return _ask_for_names_or_level(contents, folders)
    if isinstance(table, MarkReading):
        choice = table_choice(sorted(table.used)[0])
        contents.notes.ask(
            Question(
                field="labels_from",
                message=f"The folders and the annotations ({table.name}, {shown(table.where, 60)}) say different "
                "things. Which of them are the classes?",
                guess=choice,
                choices=(FOLDERS, choice),
            )
        )
        return table
    contents.notes.ask(
        Question(
            field="labels_from",
            message=f'The folders and the column "{shown(table.column, 40)}" of {shown(table.where, 60)} '
            "say different things. Which of them are the classes?",
            guess=FOLDERS,
            choices=(FOLDERS, table_choice(table.where)),
        )
    )
    return folders


def _ask_for_names_or_level(contents: Contents, folders: FolderReading) -> Reading:
    names = read_file_names(contents, folders)
    if names is None or not names.sure or not names_cross_folders(folders, names):
        return _ask_for_level(contents, folders)
    numbered = are_numbered({sample.label for sample in folders.samples})
    contents.notes.ask(
        Question(
            field="labels_from",
            message=f"The names of the files tell a class ({names.example}) that is not the folder's. "
            "Which of them are the classes?",
            guess=FILE_NAMES if numbered else FOLDERS,
            choices=(FOLDERS, FILE_NAMES),
        )
    )
    return names if numbered else folders


def _ask_for_level(contents: Contents, folders: FolderReading) -> FolderReading:
    """Where the same names lie below each folder (amazon/chair/, webcam/chair/), either could be the classes."""
    if not folders.open:
        return folders
    below = read_folders(contents, SUBFOLDERS)
    several = len({sample.label for sample in below.samples}) >= len(
        {sample.label for sample in folders.samples}
    )
    guess = SUBFOLDERS if several else FOLDERS
    contents.notes.ask(
        Question(
            field="labels_from",
            message=f"The same folders ({listed(sorted({sample.label for sample in below.samples}))}) are in each of "
            f"{listed(folders.open)}. Are these folders the classes, or the subfolders in them?",
            guess=guess,
            choices=(FOLDERS, SUBFOLDERS),
        )
    )
    return below if several else folders


def _agreement(folders: FolderReading, table: TableReading | MarkReading) -> dict[str, str] | None:
    """Label in the table to folder, where both say the same of the same pictures or use the same names; else None."""
    said = {id(sample.entry): sample.label for sample in table.samples}
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in folders.samples:
        label = said.get(id(sample.entry))
        if label is not None:
            pairs[sample.label][label] += 1
    total = sum(found.total() for found in pairs.values())
    if total == 0:
        names = {sample.label for sample in folders.samples}
        return {name: name for name in names} if set(said.values()) <= names else None
    most = sum(found.most_common(1)[0][1] for found in pairs.values())
    words = {found.most_common(1)[0][0]: folder for folder, found in pairs.items()}
    return words if most >= _AGREES * total and len(words) == len(pairs) else None


def _joined(
    contents: Contents, folders: FolderReading, table: TableReading | MarkReading, words: dict[str, str]
) -> FolderReading:
    """Folders with what a table adds: parts, sources, and the labels of pictures that are in no class folder."""
    said = {id(sample.entry): sample for sample in table.samples}
    filed = {id(sample.entry) for sample in folders.samples}
    more = [
        replace(sample, label=words[sample.label])
        for sample in table.samples
        if id(sample.entry) not in filed and sample.label in words
    ]
    if more:
        # Read again, so that these are not told as left out.
        folders = read_folders(contents, leave={id(sample.entry) for sample in more})
        folders.notes.repair(
            table.where,
            f"The labels of {len(more):,} pictures in no class folder were read from this.",
            undo={"labels_from": FOLDERS},
        )
    if any(
        (other := said.get(id(sample.entry))) and (other.split or other.group) for sample in folders.samples
    ):
        folders.notes.repair(
            table.where,
            "The parts or sources of the pictures were read from this.",
            undo={"labels_from": FOLDERS},
        )
    folders.samples = [
        replace(sample, split=sample.split or other.split, group=sample.group or other.group)
        if (other := said.get(id(sample.entry)))
        else sample
        for sample in folders.samples
    ]
    folders.samples += more
    folders.used |= table.used
    return folders


def _are_codes(reading: Reading) -> bool:
    """Whether the classes are numbers or the like (n01440764), for which a table may have words."""
    return all(_CODE.fullmatch(sample.label) for sample in reading.samples)


def _ask_for_column(contents: Contents, table: TableReading) -> None:
    if table.open and contents.options.label_column is None:
        contents.notes.ask(
            Question(
                field="label_column",
                message=f"Several columns of {shown(table.where, 60)} could hold the label. Which one is it?",
                guess=table.column,
                choices=(table.column, *table.open[:20]),
            )
        )


def _ask_for_names(contents: Contents, names: NameReading) -> Reading:
    if not names.sure:
        contents.notes.ask(
            Question(
                field="labels_from",
                message=f"The classes seem to be in the names of the files ({names.example}). Are they?",
                guess=FILE_NAMES,
                choices=(FILE_NAMES, FOLDERS) if names.folders else (FILE_NAMES,),
            )
        )
    return names
