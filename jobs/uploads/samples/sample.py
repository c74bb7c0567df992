"""One sample of a training set as it is kept."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Sample(NamedTuple):
    """Its content, and what a training is told of it.

    `label` is a JSON list where a sample may have any number of labels; `name` is what people call it; `time` is its
    event time in microseconds since 1970, None where it has none.
    """

    content: bytes
    label: str
    name: str = ""
    split: str = ""
    group: str = ""
    time: int | None = None

    @property
    def id(self) -> bytes:
        """The SHA-256 of its content."""
        return hashlib.sha256(self.content).digest()


class KeepsSamples(Protocol):
    """What the module of a kind's uploads has besides, where versions of its data may be kept."""

    # How its content is called in a Parquet file: "text" for UTF-8, "image" for the bytes of a picture.
    CONTENT: str

    def stored_columns(self, data: Path) -> list[str]:
        """The columns of the table in the folder `data`, which `unpack` made."""

    def stored_samples(self, data: Path) -> Iterator[Sample]:
        """The samples of that folder, in their order."""

    def write_samples(self, samples: Iterator[Sample], columns: Sequence[str], data: Path) -> None:
        """Makes the folder `data`, as `unpack` makes one, of samples and the columns that its table has."""

    def preview(self, content: bytes) -> dict[str, Any]:
        """What people are shown of one: `text`, or `picture`, an address with the data in it."""
