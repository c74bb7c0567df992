"""Uploaded datasets of any kind: what they are, whether they are safe, what is in them. Neither Django nor torch.

What only one kind of task needs is in a folder of `jobs.kinds`, see `jobs.uploads.contract`.
"""

from jobs.uploads.contract import KindUploads, keeps_samples, lists_samples, uploads_of
from jobs.uploads.detection import detect
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import ClassCount, Findings, Note
from jobs.uploads.findings_csv import findings_csv

__all__ = [
    "ClassCount",
    "Findings",
    "KindUploads",
    "Note",
    "UploadRefused",
    "detect",
    "findings_csv",
    "keeps_samples",
    "lists_samples",
    "uploads_of",
]
