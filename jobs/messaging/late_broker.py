"""A broker that connects late: its client library takes a quarter of the time that the web needs to start."""

import threading
from typing import Any

import dramatiq
from django.utils.module_loading import import_string


class LateBroker(dramatiq.Broker):
    """Knows actors and queues at once; the broker of the class `kind` is loaded when something is first sent.

    Whoever receives messages takes `actual` from the start.
    """

    def __init__(self, *, middleware: list[dramatiq.Middleware], kind: str, **options: Any) -> None:
        super().__init__(middleware)
        self._kind = kind
        self._options = options
        self._lock = threading.Lock()
        self._actual: dramatiq.Broker | None = None

    def actual(self) -> dramatiq.Broker:
        """The broker that does the work, with all actors declared so far; always the same one."""
        with self._lock:
            if self._actual is None:
                broker = import_string(self._kind)(middleware=self.middleware, **self._options)
                for actor in self.actors.values():
                    broker.declare_actor(actor)
                self._actual = broker
            return self._actual

    def declare_queue(self, queue_name: str) -> None:
        """See Broker."""
        self.queues[queue_name] = None

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """See Broker."""
        return self.actual().enqueue(message, delay=delay)

    def close(self) -> None:
        """See Broker."""
        if self._actual is not None:
            self._actual.close()
