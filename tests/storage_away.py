"""Stands before a call into the storage and fails as one that is away does."""

from collections.abc import Callable
from typing import Any

from modelstore.ground.files import storage_unavailable


class Away:
    """Fails the first `times` calls of what it stands before, and does `then` at each."""

    def __init__(
        self, real: Callable[..., Any], times: int, then: Callable[[], object] = lambda: None
    ) -> None:
        self.calls = 0
        self._real, self._times, self._then = real, times, then

    def __call__(self, *args: Any, **values: Any) -> Any:
        self.calls += 1
        if self.calls <= self._times:
            self._then()
            raise storage_unavailable() from RuntimeError("no route to the bucket")
        return self._real(*args, **values)
