import subprocess
import sys

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker

from jobs.messaging.late_broker import LateBroker


@pytest.fixture
def late(redis_url: str) -> LateBroker:
    return LateBroker(middleware=[], kind="dramatiq.brokers.redis.RedisBroker", url=redis_url)


@pytest.mark.redis
def test_what_is_sent_reaches_a_worker(late: LateBroker) -> None:
    heard = []

    @dramatiq.actor(broker=late, queue_name="echo")
    def echo(word: str) -> None:
        heard.append(word)

    assert late.get_declared_queues() == {"echo"}
    echo.send("hello")
    broker = late.actual()
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    worker.start()
    broker.join("echo", interval=10, timeout=10_000)
    worker.join()
    worker.stop()
    late.close()
    assert heard == ["hello"]


@pytest.mark.redis
def test_the_broker_proper_is_made_once_and_knows_all_actors(late: LateBroker) -> None:
    actor = dramatiq.actor(print, broker=late, queue_name="first", actor_name="first")
    broker = late.actual()
    assert isinstance(broker, RedisBroker)
    assert broker.get_actor("first") is actor
    assert late.actual() is broker


def test_closing_loads_nothing() -> None:
    code = (
        "import sys; from jobs.messaging.late_broker import LateBroker;"
        "LateBroker(middleware=[], kind='dramatiq.brokers.redis.RedisBroker').close();"
        "sys.exit('redis' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
