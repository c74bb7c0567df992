"""Runs pieces of PyTorch work side by side, each on cores of its own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

Found = TypeVar("Found")


class Cores:
    """`workers` threads that have `threads` cores between them.

    PyTorch's own threads share each single operator instead and wait for one another after it.
    """

    def __init__(self, workers: int, threads: int) -> None:
        self._pool: ThreadPoolExecutor | None = None
        if workers > 1:
            ready = threading.Barrier(workers)
            self._pool = ThreadPoolExecutor(workers, thread_name_prefix="cores")
            for _ in range(workers):
                self._pool.submit(_take, max(1, threads // workers), ready)
            self._pool.submit(int).result()
            # What a worker took is what threads to come would have by default.
            torch.set_num_threads(threads)

    def map(self, function: Callable[..., Found], *items: Iterable[Any]) -> list[Found]:
        """`function` of each of the items, in their order."""
        return list(map(function, *items) if self._pool is None else self._pool.map(function, *items))


def _take(threads: int, ready: threading.Barrier) -> None:
    torch.set_num_threads(threads)
    ready.wait()
