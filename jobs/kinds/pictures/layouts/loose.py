"""What to say where a zip has pictures and nothing tells their classes."""

from typing import NoReturn

from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.folders import FolderReading
from jobs.uploads.errors import UploadRefused, listed, shown

_DATA = {".csv", ".tsv", ".json", ".jsonl", ".xml", ".parquet", ".xlsx", ".xls", ".ods"}


_UNREAD = {
    ".mat": "a file of MATLAB",
    ".pkl": "a Python pickle",
    ".pickle": "a Python pickle",
    ".npy": "a NumPy file",
    ".npz": "a NumPy file",
    ".h5": "an HDF5 file",
    ".hdf5": "an HDF5 file",
    ".rds": "a file of R",
    ".rdata": "a file of R",
    ".mdb": "a database of Access",
    ".sqlite": "a database",
    ".db": "a database",
}


def refuse_choice(sentence: str) -> UploadRefused:
    """The refusal of a choice of the user that does not fit the zip."""
    return UploadRefused(
        f"{sentence} Choose another place for the labels.", status=422, code="labels_not_found"
    )


def refuse_loose(contents: Contents, folders: FolderReading) -> NoReturn:
    """Raises UploadRefused (422): nothing tells the classes of the pictures."""
    data = [entry.where for entry in contents.files if entry.suffix in _DATA]
    unread = next((entry for entry in contents.files if entry.suffix in _UNREAD), None)
    beside = (
        f" Their labels may be in {shown(unread.where, 60)}, but this is {_UNREAD[unread.suffix]}, which Flash does "
        "not read here."
        if unread is not None
        else f" There is {listed([shown(where, 60) for where in data[:3]])} in the zip, but nothing in it names these "
        "pictures with one label each."
        if data
        else ""
    )
    raise UploadRefused(
        f"{_where(contents, folders)}{beside} Put the pictures of each class into a folder of its own, or "
        f"add a table "
        f"such as labels.csv with the header file,label. {PICTURES_EXAMPLE}",
        status=422,
        code="no_class_folders",
    )


def _where(contents: Contents, folders: FolderReading) -> str:
    paths = [f"{folder.path}/" for _, folder in folders.flat if folder.path]
    splits = {split for split, _ in folders.flat if split}
    if splits and len(paths) > 1:
        return (
            f"The folders {listed(paths)} are parts of a dataset, not classes, and the pictures lie in them "
            "side by side, so their classes are unknown."
        )
    only = {entry.parts[:-1] for entry in contents.pictures}
    if len(only) == 1 and (parts := next(iter(only))):
        folder = shown("/".join(parts))
        return f"All pictures are in one folder ({folder}/), so there is only one class, or none."
    return "The pictures are not in folders, so their classes are unknown."
