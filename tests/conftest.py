"""Fixtures that every package's tests share. What runs without being asked: no network, no leftovers."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

from tests import network
from tests.redis_process import RedisProcess
from tests.requirements import REQUIREMENTS, chromium, in_ci


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run; in CI that is an error instead."""
    for requirement in REQUIREMENTS:
        wanting = [item for item in items if item.get_closest_marker(requirement.marker)]
        if not wanting or requirement.is_met():
            continue
        if in_ci() and not requirement.may_lack:
            raise pytest.UsageError(
                f"CI must run the tests marked {requirement.marker}: they need {requirement.advice}."
            )
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason=f"needs {requirement.advice}"))


@pytest.fixture(autouse=True, scope="session")
def _no_outside_network() -> Iterator[None]:
    with network.only_this_machine():
        yield


@pytest.fixture(autouse=True)
def _folders_of_its_own(tmp_path: Path, settings) -> None:
    """Each test starts with empty folders for media, caches and runs."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.FLASH_CACHE_DIR = tmp_path / "cache"
    settings.FLASH_RUNS_DIR = tmp_path / "runs"
    for folder in (settings.MEDIA_ROOT, settings.FLASH_CACHE_DIR, settings.FLASH_RUNS_DIR):
        folder.mkdir()
    (tmp_path / "tmp").mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "tmp")


@pytest.fixture(autouse=True)
def broker() -> Iterator[StubBroker]:
    """The broker that all actors use: in memory, emptied after each test. `broker.join(queue)` with `worker`."""
    stub = dramatiq.get_broker()
    assert isinstance(stub, StubBroker)
    yield stub
    stub.flush_all()


@pytest.fixture(scope="session")
def _booted() -> None:
    """Middleware starts its threads once in a process."""
    dramatiq.get_broker().emit_after("process_boot")


@pytest.fixture
def worker(_booted: None, broker: StubBroker) -> Iterator[dramatiq.Worker]:
    """A running worker on the in-memory broker. A test that uses it needs `transactional_db`."""
    running = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def redis_socket_path() -> Iterator[Path]:
    """A real, private Redis on a unix socket, for the whole session. Mark the test with `redis`."""
    with RedisProcess() as process:
        yield process.path


@pytest.fixture
def redis_url(redis_socket_path: Path) -> Iterator[str]:
    """The address of an empty database on the session's Redis."""
    import redis

    url = f"unix://{redis_socket_path}?db=1"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()
    client.close()


@pytest.fixture
def redis_broker(
    redis_url: str, broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisBroker]:
    """A real broker in place of the one in memory: every actor sends to Redis while the test runs."""
    # Imported first: an actor belongs to the broker that is set when its module is loaded.
    importlib.import_module("jobs.actors")
    real = RedisBroker(url=redis_url, heartbeat_timeout=15_000, maintenance_chance=200_000)
    for actor in broker.actors.values():
        monkeypatch.setattr(actor, "broker", real)
        real.declare_actor(actor)
    dramatiq.set_broker(real)
    yield real
    dramatiq.set_broker(broker)
    real.close()
    real.client.close()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser for the tests marked `browser`: playwright's executable_path."""
    found = chromium()
    assert found is not None, "mark the test with @pytest.mark.browser"
    return found
