"""The two names of tasks that older code still spells; it goes once everybody asks `KINDS`."""

from enum import StrEnum


class Task(StrEnum):
    """The tasks of the built-in kinds."""

    IMAGE = "imageclassification"
    TEXT = "textclassification"
