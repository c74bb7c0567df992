"""gunicorn's threaded worker, which stays with a connection while its client keeps asking."""

import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# A program that asks again does so within a fraction of a millisecond of its answer.
_LINGER_MILLISECONDS = 3


class WebWorker(ThreadWorker):
    """Handles the next request of a kept-alive connection in the same thread if it comes at once.

    gunicorn hands the connection back to its main thread after each request, which waits for the next one and wakes
    a thread: six switches between threads, which cost more than a small prediction.
    """

    def handle(self, conn: Any) -> Any:
        """See ThreadWorker; answers whether the connection is kept."""
        kept = super().handle(conn)
        while kept is True and self.alive and self._asks_again(conn):
            kept = super().handle(conn)
        return kept

    def _asks_again(self, conn: Any) -> bool:
        # Whoever waits for a thread comes first.
        if conn.is_http2 or self.tpool._work_queue.qsize() or conn.parser.unreader.buf.getvalue():
            return False
        waiting = select.poll()
        waiting.register(conn.sock, select.POLLIN)
        return bool(waiting.poll(_LINGER_MILLISECONDS))
