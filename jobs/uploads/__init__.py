"""Uploaded datasets: what they are, whether they are safe, what is in them. Neither Django nor torch.

What needs Pillow stands in `jobs.uploads.pictures` alone: the web starts without it.
"""

from jobs.uploads.detection import detect
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import ClassCount, Findings, Note, PictureFindings, TableFindings
from jobs.uploads.findings_csv import findings_csv
from jobs.uploads.options import TableOptions
from jobs.uploads.tables import inspect_table, write_table

__all__ = [
    "ClassCount",
    "Findings",
    "Note",
    "PictureFindings",
    "TableFindings",
    "TableOptions",
    "UploadRefused",
    "detect",
    "findings_csv",
    "inspect_table",
    "write_table",
]
