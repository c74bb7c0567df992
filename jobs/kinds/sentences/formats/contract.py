"""What a format of tables must offer."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jobs.kinds.sentences.formats.encoding import Opener
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

Cells = Sequence[str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """Which columns a format itself says hold what; empty where it does not say. The user's choice overrules it."""

    inputs: tuple[str, ...] = ()
    label: str = ""
    split: str = ""
    group: str = ""


class Reader(Protocol):
    """A table as records: cells as text, None for what is no single value.

    `columns` are the names that the format itself gives, None where a header must be found. `records` gives the number
    of each record as people find it in the file, with its cells; it may be called several times.
    """

    columns: list[str] | None
    encoding: str
    delimiter: str | None
    unit: str
    meaning: Meaning

    def records(self) -> Iterable[tuple[int, Cells]]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A table that is to be read: `open` gives its bytes from the start, `path` is the file that was uploaded.

    `packed` says that the bytes of `open` are not those at `path` but inside of it; `name` is what the user calls it.
    `closing` ends with the reading, and closes what a reader opens for all of it. Without `labelled` the labels may be
    missing, and no text is left out for that. With `hasty` a reader may presume that a text is plain, see
    `blocks.InBlocks`.
    """

    path: Path
    open: Opener
    options: TableOptions
    limits: Limits
    notes: Notes
    name: str = ""
    packed: bool = False
    closing: ExitStack = field(default_factory=ExitStack)
    labelled: bool = True
    hasty: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """Whether the first bytes (UTF-16 without its zeros) are of this format, and its reader."""

    recognises: Callable[[bytes], object]
    reader: Callable[[Source], Reader]
