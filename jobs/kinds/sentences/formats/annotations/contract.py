"""What the format of an annotation tool must offer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A text with its labels, none if it has not been labelled; `reason` says why it is left out all the same.

    `more` are other fields of the record, by the names in `Columns.more`.
    """

    text: Any
    labels: Sequence[Any] = ()
    reason: str = ""
    split: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """How the columns are called; `split` is empty where records name no part of the dataset."""

    text: str = "text"
    label: str = "label"
    split: str = ""
    more: tuple[str, ...] = ()


PLAIN = Names()


class Annotation(Protocol):
    """Reads the records of one tool. `said` tells the user what they are and what was taken.

    `unit` is "Example" where one record holds several texts.
    """

    @property
    def said(self) -> str: ...

    @property
    def unit(self) -> str: ...

    @property
    def names(self) -> Names: ...

    def examples(self, item: Any) -> Iterable[Example]:
        """The texts of one record."""


class Recogniser(Protocol):
    """Gives a reader where most of some records are of its tool; None otherwise.

    Raises UploadRefused (422) where they are, but say nothing of whole texts and `labelled` ones are needed.
    """

    def __call__(self, sample: Sequence[Any], labelled: bool) -> Annotation | None: ...
