"""What trainings on the same samples share: decoded pictures, features, tokens."""

from collections.abc import Callable, Hashable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

Made = TypeVar("Made")


class Prepared:
    """Keeps what several calls of `fit` make of the same samples; the first that needs something makes it.

    One that is made for a single training (`lasting` False) tells the kinds not to keep what nobody will ask for
    again. Used as a context, it removes the files that it was told of. Not for several threads.
    """

    def __init__(self, *, lasting: bool = True) -> None:
        self.lasting = lasting
        self._samples: Any = None
        self._kept: dict[Hashable, Any] = {}
        self._files: list[Path] = []

    def belongs_to(self, samples: Any) -> None:
        """Raise ValueError where something was prepared of other samples already."""
        if self._samples is None:
            self._samples = samples
        if self._samples is not samples:
            raise ValueError("This was prepared for other samples; use a separate Prepared for each set.")

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gave when `key` was asked for first."""
        if key not in self._kept:
            self._kept[key] = make()
        made: Made = self._kept[key]
        return made

    def latest(self, name: str, key: Hashable, make: Callable[[], Made]) -> Made:
        """As `once`, of what is too large to keep twice: another `key` of the same `name` takes its place."""
        known = self._kept.get(name)
        if known is None or known[0] != key:
            # Both would take much memory.
            known = self._kept[name] = None
            known = self._kept[name] = (key, make())
        made: Made = known[1]
        return made

    def remove_later(self, file: Path) -> None:
        """Remove `file` when nobody needs it any more."""
        self._files.append(file)

    def close(self) -> None:
        """Forget all and remove the files."""
        self._kept.clear()
        for file in self._files:
            file.unlink(missing_ok=True)
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
