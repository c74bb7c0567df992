"""What the site takes of memory and time to take in and check a table."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.site import Flash, port_of, running_site

# Seconds for the whole answer, and between two looks.
_PATIENCE, _EVERY = 900.0, 0.05
_ROLES = {"gunicorn": "web server", "jobs.uploads.reader": "reader"}


def checked(table: Path) -> float:
    """The most MB that a process of the web server or of the reader held while a table was sent and checked."""
    with running_site() as (site, _):
        flash = Flash(f"http://127.0.0.1:{port_of(site)}", timeout=_PATIENCE)
        peaks: dict[str, float] = {}
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(peaks, over))
        watcher.start()
        try:
            started = time.monotonic()
            found = flash.check(table, task_type="textclassification")
            seconds = time.monotonic() - started
        finally:
            over.set()
            watcher.join()
    for name, peak in sorted(peaks.items()):
        print(f"    {name}: {peak:,.0f} MB", flush=True)
    print(f"    {found['sample_count']:,} rows taken in and checked in {seconds:.1f} s", flush=True)
    return max(peaks.values())


def _watch(peaks: dict[str, float], over: threading.Event) -> None:
    # The site is a child of this process.
    own = psutil.Process()
    while not over.wait(_EVERY):
        for process in own.children(recursive=True):
            with suppress(psutil.Error):
                words = " ".join(process.cmdline())
                name = next((role for word, role in _ROLES.items() if word in words), "")
                if name:
                    peaks[name] = max(peaks.get(name, 0.0), process.memory_info().rss / 1e6)
