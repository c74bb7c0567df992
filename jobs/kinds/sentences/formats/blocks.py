"""Rows of clean delimited text in blocks, so that work on them is done column by column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

MOST_ROWS = 256  # one odd row makes a whole block slow


class NotPlain(Exception):
    """A text that was presumed to be plain is not; it must be read again without presuming."""


@dataclass(frozen=True)
class Block:
    """Rows that follow each other in the file; `first` is the number of the first."""

    first: int
    rows: Sequence[list[str]]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """As `Reader.records`."""
        return enumerate(self.rows, start=self.first)

    @cached_property
    def columns(self) -> list[tuple[str, ...]] | None:
        """The cells of each column; None where the rows do not have the same number of cells."""
        try:
            return list(zip(*self.rows, strict=True))
        except ValueError:
            return None


@runtime_checkable
class InBlocks(Protocol):
    """A reader that may give the records of its `records` in blocks, too.

    `presumes`: it took a text to be plain without having read all of it; `blocks` and `records` raise NotPlain where
    it turns out not to be.
    """

    presumes: bool

    def blocks(self) -> Iterator[Block] | None:
        """None where it can only give them one by one."""
