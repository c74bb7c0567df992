"""The one table in a zip, for people who zip what they send."""

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes
from jobs.uploads.right_form import choose_instead
from jobs.uploads.zip_contents import PICTURE_SUFFIXES, is_system_file, refuse_special

_TABLES = {".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".txt"}


def only_table(archive: Archive, notes: Notes) -> Entry:
    """The table of a zip that holds exactly one; raises UploadRefused (415, 422)."""
    refuse_special(archive)
    files = [entry for entry in archive.entries if not is_system_file(entry)]
    tables = [entry for entry in files if entry.suffix in _TABLES]
    if len(tables) > 1:
        # A readme beside the table is usual.
        tables = [entry for entry in tables if entry.suffix != ".txt"] or tables
    if len(tables) == 1:
        notes.repair(tables[0].where, "This table was taken out of the zip.")
        return tables[0]
    if any(entry.suffix in PICTURE_SUFFIXES for entry in files):
        raise UploadRefused(
            f"The zip contains pictures, not a table.{choose_instead('.zip', archive.kind)} {TABLE_EXAMPLE}",
            status=415,
            code="wrong_kind",
        )
    if tables:
        names = listed([entry.where for entry in tables])
        raise UploadRefused(
            f"The zip contains several tables ({names}). Send the one to use. {TABLE_EXAMPLE}",
            status=422,
            code="several_tables",
        )
    held = f' It contains "{shown(files[0].where)}".' if files else ""
    raise UploadRefused(
        f"There is no table (CSV, TSV or JSON Lines) in the zip.{held} Send the table itself. {TABLE_EXAMPLE}",
        status=415,
        code="wrong_kind",
    )
