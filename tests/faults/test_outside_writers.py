"""Twenty strangers who write into the SQLite file all the time: the site takes its turn, or says 503 in words."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

_WRITERS, _CLIENTS, _JOBS_EACH = 20, 4, 3
_HELD_SECONDS, _PAUSE_SECONDS = 0.002, 0.05


def write(path: Path, stop: threading.Event) -> None:
    """Takes the lock for a moment, again and again; SQLite knows no queue, and some go away empty-handed."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as database:
        while not stop.wait(_PAUSE_SECONDS):
            with suppress(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
                database.execute("INSERT INTO strangers (said) VALUES ('me')")
                time.sleep(_HELD_SECONDS)
                database.execute("COMMIT")


def test_whoever_submits_meanwhile_gets_a_job_or_is_asked_to_come_back(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = make_site(tmp_path / "var")
    path = site.var / "flash.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE strangers (said TEXT)")
        database.commit()
    site.start()
    stop = threading.Event()
    writers = [threading.Thread(target=write, args=(path, stop)) for _ in range(_WRITERS)]
    seen: Counter[int] = Counter()
    wordless: list[Any] = []

    def submit(client: int) -> None:
        for number in range(_JOBS_EACH):
            status, answer = site.send(client * 10 + number)
            seen[status] += 1
            if status == 503 and not (answer["code"] == "database_busy" and answer["detail"]):
                wordless.append(answer)
            seen[site.ask("GET", "/")[0]] += 1

    clients = [threading.Thread(target=submit, args=(client,)) for client in range(_CLIENTS)]
    for thread in (*writers, *clients):
        thread.start()
    for thread in clients:
        thread.join(180)
    stop.set()
    for thread in writers:
        thread.join(60)
    assert not wordless
    assert set(seen) <= {200, 201, 503}, seen
    assert seen[200] == _CLIENTS * _JOBS_EACH, "reading waits for nobody"
    with closing(sqlite3.connect(path)) as database:
        jobs, datasets = (
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("jobs_job", "jobs_dataset")
        )
    assert jobs == seen[201], "who was refused has no job"
    assert len(list((site.var / "media" / "datasets").rglob("*"))) - 1 == datasets, "and left no file"
    assert site.send(99)[0] == 201
