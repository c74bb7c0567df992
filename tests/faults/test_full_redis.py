"""A Redis that is full: workers go on, and the log stays short."""

import io
import logging
import threading
from collections.abc import Iterator

import dramatiq
import pytest
import redis
from dramatiq.brokers.redis import RedisBroker

from flashsite.monitoring.logs import Calm
from jobs.messaging import hints

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the console would show."""
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(Calm())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def test_a_full_redis_does_not_flood_the_log(
    redis_url: str, redis_broker: RedisBroker, log: io.StringIO
) -> None:
    client = redis.Redis.from_url(redis_url)
    client.config_set("maxmemory", 1)
    worker = dramatiq.Worker(redis_broker, worker_timeout=10, worker_threads=1)
    try:
        worker.start()
        for _ in range(100):
            hints.wake_trainers()
            threading.Event().wait(0.02)
    finally:
        client.config_set("maxmemory", 0)
        worker.stop()
        client.close()
    lines = [line for line in log.getvalue().splitlines() if "The broker did not take" in line]
    assert 0 < len(lines) <= Calm.FEW
    assert len(log.getvalue()) < 200_000, "tracebacks included"
