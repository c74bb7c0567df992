"""What there is to predict, one item after the other; and how each kind of upload is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from jobs.batches.child.relatives import Marks, Relatives


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to predict. `names` say in the results which one; without a `value`, `error` says why.

    What was `made_here` need not be checked as what strangers send. `truth` is its label where a model is measured.
    """

    names: dict[str, Any]
    value: Any = None
    error: str = ""
    made_here: bool = False
    truth: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it holds in memory."""
        return len(self.value) if self.value is not None else 0


class Source(Protocol):
    """An upload as items; `total` may be an estimate.

    `columns` are the names of each item in its result; `own_columns`, where there are any, are what the user's own file
    has instead: in tables of results they stand in front. `told` are those of the columns that tell more than which
    item it is: they stand behind.
    """

    columns: tuple[str, ...]
    own_columns: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    total: int

    def items(self, start: int) -> Iterator[Item]:
        """The items from number `start` on, always in the same order."""
        ...

    def own_cells(self) -> Iterator[Sequence[str]]:
        """For each item, in their order, what the user's own file says under `own_columns`."""
        return iter(())

    def summary(self, results: Path) -> dict[str, Any]:
        """What is to be shown beside the counts, from the file of results: nothing, where the counts say it all."""
        return {}

    def write_more(self, results: Path, folder: Path) -> None:
        """Writes into `folder` what else there is to download, under the names of `jobs.batches.child.order`."""
        return None


class Labelled(Source, Protocol):
    """Samples whose labels are known, to measure a model: each item has a `truth`, which `columns` has with `right`."""

    told: tuple[str, ...] = ("truth", "right")

    def groups(self) -> Sequence[str]:
        """For each item, what it comes from, "" where that is not told; empty where no item tells it."""
        return ()

    def relatives(self, marks: "Marks | None") -> "Relatives":
        """Which items are alike, and which are nearly the same as one of the training, whose `marks` these are."""
        from jobs.batches.child.relatives import Relatives  # here: the web starts without numpy

        return Relatives()

    def thumbnail(self, number: int) -> str | None:
        """A small copy of the item of this number, as a data URI, where it can be looked at."""
        return None
