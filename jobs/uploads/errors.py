"""The one way in which an upload is refused."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from modelstore.ground.errors import FlashError

MAX_NOTES = 100
# Another sheet, delimiter, encoding or header row may make sense of such a file, before its columns are known.
_READ_OTHERWISE = frozenset(("encoding", "nul_in_text", "one_column", "table_ragged"))
_TITLES = {
    400: "The file cannot be read",
    413: "The file is too large",
    415: "This kind of file cannot be used",
    422: "The file cannot be used as a dataset",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChoice:
    """The columns of a table, which two of them were read, and its first rows (cells cut to a glance).

    All are empty where the columns are not known yet; `offered` are values that other options may have with this file.
    """

    names: list[str] = field(default_factory=list)
    input: str = ""
    label: str = ""
    rows: list[list[str]] = field(default_factory=list)
    offered: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class UploadRefused(FlashError):
    """An upload that cannot be used: `detail` says what is wrong, where, and what to do.

    `status` is 400 (cannot be read), 413 (too large), 415 (wrong kind of file) or 422 (makes no sense);
    `notes` lists the files or rows that led to it.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int = 400,
        code: str = "upload_refused",
        fields: Mapping[str, Sequence[str]] | None = None,
        notes: Sequence[object] = (),
    ) -> None:
        super().__init__(detail, fields=fields, notes=notes[:MAX_NOTES])
        # Set where one may choose another way to read the file; then the file may be kept, too, as the dataset of this
        # token.
        self.columns: ColumnChoice | None = None
        self.token = ""
        # One class for all refusals: what differs is data, not behaviour.
        self.status = status  # type: ignore[misc]
        self.code = code  # type: ignore[misc]
        self.title = _TITLES.get(status, "The file cannot be used")  # type: ignore[misc]
        if code == "upload_empty":
            self.title = "The file is empty"  # type: ignore[misc]

    @property
    def can_be_read_otherwise(self) -> bool:
        """Whether another choice may make sense of the file: of a column, or of an option that the refusal names."""
        columns = self.columns
        return columns is not None and (
            len(columns.names) > 2 or bool(self.fields or columns.offered) or self.code in _READ_OTHERWISE
        )


def is_want_of_room(error: BaseException) -> bool:
    """Whether something could not be put aside: the disk is full, or the file larger than one may be. Not its fault."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def shown(name: object, length: int = 80) -> str:
    """A name from the upload, fit for a sentence: one line, printable, at most `length` characters."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(name))
    return text if len(text) <= length else text[: length - 1] + "…"


def listed(names: Sequence[object], most: int = 5) -> str:
    """Some names for a sentence: 'a, b, c and 4 more'."""
    text = ", ".join(shown(name, 40) for name in names[:most])
    return f"{text} and {len(names) - most:,} more" if len(names) > most else text
