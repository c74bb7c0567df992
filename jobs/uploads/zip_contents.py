"""What lies in zips besides samples, and zips that are other things: of any kind of task."""

from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import UploadRefused
from jobs.uploads.right_form import choose_instead, right_form
from training.ground.picture_formats import SUFFIXES

PICTURE_SUFFIXES = SUFFIXES
_SYSTEM_FOLDERS = {"__MACOSX", "$RECYCLE.BIN", "@eaDir"}
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}


def is_system_file(entry: Entry) -> bool:
    """Whether an entry was put there by an operating system."""
    return system_name(entry) is not None


def system_name(entry: Entry) -> str | None:
    """The folder or file by which an entry is known to belong to the system, not to the data."""
    for part in entry.parts:
        if part in _SYSTEM_FOLDERS or part.startswith("."):
            return part
    return entry.parts[-1] if entry.parts[-1].lower() in _SYSTEM_FILES else None


def refuse_special(archive: Archive) -> None:
    """Office files, PyTorch models and others are zips, too."""
    names = {entry.where for entry in archive.entries}
    lasts = {entry.parts[-1] for entry in archive.entries}
    if "data.pkl" in lasts or (
        any(name.endswith((".pkl", ".npy")) for name in lasts) and not _has_pictures(archive)
    ):
        raise _wrong(archive, "a PyTorch or NumPy file. Models and Python objects are never opened here.")
    if "xl/workbook.xml" in names:
        raise _wrong(
            archive,
            "an Excel workbook. Open it, save the sheet as CSV (UTF-8), and upload that."
            f"{choose_instead('.csv', archive.kind)}",
        )
    if "[Content_Types].xml" in names or "mimetype" in names or "META-INF/MANIFEST.MF" in names:
        raise _wrong(archive, f"an Office document, a book or a program, not {archive.kind.words.upload}.")


def _wrong(archive: Archive, what: str) -> UploadRefused:
    return UploadRefused(f"This is {what} {right_form(archive.kind)}", status=415, code="wrong_kind")


def _has_pictures(archive: Archive) -> bool:
    return any(entry.suffix in PICTURE_SUFFIXES for entry in archive.entries)
