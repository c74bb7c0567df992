"""Lets an iterator run ahead of its reader in a thread, a bounded number of items."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
_END = object()


class Ahead(Generic[Item]):
    """Iterates `source` in a thread that begins at once and stays `depth` items ahead at most.

    What the source raises is raised to the reader.
    """

    def __init__(self, source: Iterable[Item], depth: int) -> None:
        self._items: queue.Queue[object] = queue.Queue(depth)
        self._error: BaseException | None = None
        threading.Thread(target=self._fill, args=(source,), name="ahead", daemon=True).start()

    def _fill(self, source: Iterable[Item]) -> None:
        try:
            for item in source:
                self._items.put(item)
        except BaseException as error:
            self._error = error
        self._items.put(_END)

    def __iter__(self) -> Iterator[Item]:
        while (item := self._items.get()) is not _END:
            yield item  # type: ignore[misc]
        if self._error is not None:
            raise self._error
