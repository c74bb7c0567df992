"""The tasks of the kinds that come with Flash, as they stand on the wire."""

from enum import StrEnum


class Task(StrEnum):
    IMAGE = "imageclassification"
    TEXT = "textclassification"
