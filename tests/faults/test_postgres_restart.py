"""PostgreSQL crashes and comes back while a job trains: the job goes on, in the same try (fault 16)."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import PostgresProcess
from tests.redis_process import RedisProcess

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres_server]


def test_a_job_in_training_outlives_a_crash_of_the_database(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    postgres = PostgresProcess()
    try:
        postgres.start()
        with RedisProcess() as redis:
            site = make_site(
                tmp_path / "var",
                DATABASE_URL=postgres.url,
                REDIS_URL=redis.url,
                FLASH_LEASE_SECONDS="20",
                FLASH_SPARE_TRAINER_SECONDS="0",
                FLASH_TRAINER_THREADS="1",
            )
            site.start()
            token = site.submit(model="gru", epochs="14", early_stopping="14")
            site.begin("work", "training")
            site.manage("tick")
            site.wait_until(lambda: site.job(token)["epochs"], 90)
            postgres.stop(signal.SIGQUIT)
            status, answer = site.ask("GET", f"/api/v1/jobs/{token}/")
            assert (status, answer["code"]) == (503, "database_busy"), answer
            status, page = site.ask("GET", f"/jobs/{token}/")
            assert status == 503 and b"database" in page
            postgres.start()
            site.wait_until(lambda: site.ask("GET", "/readyz")[0] == 200)
            job = site.wait_for_job(token, "deployed", "failed", "cancelled")
            assert (job["status"], job["error"]) == ("deployed", None)
            _, events = site.ask("GET", f"/api/v1/jobs/{token}/events/")
            messages = [event["message"] for event in events["results"]]
            assert not any("another try" in message for message in messages), messages
            # The job after it finds a worker whose connections work.
            second = site.submit(1)
            site.manage("tick")
            assert site.wait_for_job(second, "deployed", "failed")["status"] == "deployed"
            site.stop()
    finally:
        postgres.stop()
        postgres.remove()
