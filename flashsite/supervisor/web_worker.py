"""gunicorn's threaded worker, which shares new connections fairly and stays with a client that keeps asking."""

import mmap
import select
import time
from typing import Any

from gunicorn.http import wsgi
from gunicorn.workers.gthread import _DEFER, ThreadWorker

from flashsite.supervisor.joined_answer import JoinedAnswer
from flashsite.supervisor.patience import Crowd, PatientSocket

# A program that asks again does so within a fraction of a millisecond of its answer.
_LINGER_MILLISECONDS = 3
_GIVE_WAY_SECONDS = 0.002
# A connection on which nothing was said yet waits without a thread after this.
_FIRST_SECONDS = 0.05
_SLOTS, _ABSENT, _MOST = 256, 255, 254


class ConnectionCounts:
    """How many connections each process of the web holds, in memory that they share; a byte for each process."""

    def __init__(self) -> None:
        self._bytes = mmap.mmap(-1, _SLOTS)
        self._bytes[:] = bytes([_ABSENT]) * _SLOTS

    def set(self, age: int, count: int) -> None:
        """What the process with this `age` (gunicorn's running number) holds now."""
        self._bytes[age % _SLOTS] = min(count, _MOST)

    def forget(self, age: int) -> None:
        """That process is gone."""
        self._bytes[age % _SLOTS] = _ABSENT

    def least(self) -> int:
        """The fewest that any process holds."""
        return min(self._bytes[:])


class WebWorker(ThreadWorker):
    """Lets the process with the fewest connections accept, and handles the next request of one in the same thread.

    Kept-alive connections stay where they were accepted: left to chance, one process has nearly all of them, and so all
    of the work. And gunicorn hands a connection back to its main thread after each request, which waits for the next
    one and wakes a thread: six switches between threads, which cost as much as a quarter of a small prediction.

    Heads and bodies have deadlines: else some dozens of connections that send nothing would hold all threads.
    """

    counts: ConnectionCounts

    def init_process(self) -> None:
        """See ThreadWorker."""
        # ThreadWorker makes its answers by this name and has no other place to say which.
        wsgi.Response = JoinedAnswer
        self._crowd = Crowd(self.cfg.threads)
        super().init_process()

    def notify(self) -> None:
        """Called at every turn of the main loop."""
        super().notify()
        self.counts.set(self.age, self.nr_conns)

    def accept(self, listener: Any) -> None:
        """Takes a new connection, unless another process that has fewer does within two milliseconds."""
        if self.nr_conns > self.counts.least():
            time.sleep(_GIVE_WAY_SECONDS)
        super().accept(listener)
        self.counts.set(self.age, self.nr_conns)

    def handle(self, conn: Any) -> Any:
        """See ThreadWorker; answers whether the connection is kept."""
        if not conn.initialized and not conn.data_ready and not conn.wait_for_data(_FIRST_SECONDS):
            return _DEFER
        kept = self._handle_one(conn)
        while kept is True and self.alive and self._asks_again(conn):
            kept = self._handle_one(conn)
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """See ThreadWorker; the head was read."""
        if isinstance(conn.parser.unreader.sock, PatientSocket):
            conn.parser.unreader.sock.begin_body()
        return super().handle_request(req, conn)

    def _handle_one(self, conn: Any) -> Any:
        conn.sock.setblocking(True)
        conn.init()
        if not conn.is_http2:
            reader = conn.parser.unreader
            if isinstance(reader.sock, PatientSocket):
                reader.sock.begin_head()
            else:
                reader.sock = PatientSocket(reader.sock, self._crowd)
        return super().handle(conn)

    def _asks_again(self, conn: Any) -> bool:
        # Whoever waits for a thread comes first.
        if conn.is_http2 or self.tpool._work_queue.qsize() or conn.parser.unreader.buf.getvalue():
            return False
        waiting = select.poll()
        waiting.register(conn.sock, select.POLLIN)
        return bool(waiting.poll(_LINGER_MILLISECONDS))
