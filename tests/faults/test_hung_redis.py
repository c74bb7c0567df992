"""A Redis that hangs, and a web that dies while it waits for it: the row is there, and is sent later."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.redis_process import RedisProcess

pytestmark = [pytest.mark.slow, pytest.mark.redis]


def rows(site: Any, status: str) -> int:
    with closing(sqlite3.connect(site.var / "flash.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM jobs_job WHERE status = ?", [status]).fetchone()[0])


def messages(process: RedisProcess, queue: str) -> int:
    with closing(redis.Redis.from_url(process.url)) as client:
        return int(client.llen(f"dramatiq:{queue}"))  # type: ignore[arg-type]


def test_the_site_goes_on_and_the_job_is_sent_when_it_is_back(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    with RedisProcess() as process:
        site = make_site(tmp_path / "var", REDIS_URL=process.url)
        site.start()
        process.freeze()
        token = site.submit()
        assert site.job(token)["status"] == "queued"
        for path in ("/", "/about/", f"/jobs/{token}/", "/readyz", "/api/v1/status/"):
            assert site.ask("GET", path)[0] == 200, path
        # The periodic task comes to its end as well.
        assert "waiting" in site.manage("tick")
        process.thaw()
        site.manage("tick")
        assert messages(process, "training") >= 1


def test_a_web_that_dies_between_the_row_and_the_message_loses_no_job(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    with RedisProcess() as process:
        site = make_site(tmp_path / "var", REDIS_URL=process.url)
        site.start()
        process.freeze()
        answers: list[tuple[int, Any]] = []
        client = threading.Thread(target=lambda: answers.append(site.send()))
        client.start()
        site.wait_until(lambda: rows(site, "queued") == 1)
        for pid in site.web_processes():
            os.kill(pid, signal.SIGKILL)
        client.join(60)
        assert answers == [(0, None)], "nobody was told its token"
        process.thaw()
        assert messages(process, "control") == 0
        site.manage("tick")
        assert messages(process, "training") >= 1
        assert rows(site, "queued") == 1
