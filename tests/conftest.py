"""Fixtures that every package's tests share. What runs without being asked: no network, no leftovers."""

import importlib
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from jobs.worker.stop_request import STOPPING
from modelstore.prediction import predictor
from tests import made_up_score as made_up
from tests import network
from tests.redis_process import RedisProcess
from tests.requirements import REQUIREMENTS, chromium, in_ci
from training.score import SCORES

# A busy machine makes examples slowly: that says nothing of the code.
hypothesis_settings.register_profile("flash", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("flash")


def _touches_rows(item: pytest.Item) -> bool:
    wanted = {"db", "transactional_db", "live_server"}.intersection(getattr(item, "fixturenames", ()))
    return bool(wanted or item.get_closest_marker("django_db") or item.get_closest_marker("postgres"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run; in CI that is an error instead.

    On PostgreSQL only what touches rows is run: the rest was run on SQLite and knows no difference.
    """
    if os.environ.get("FLASH_TEST_POSTGRES"):
        others = [item for item in items if not _touches_rows(item)]
        items[:] = [item for item in items if _touches_rows(item)]
        config.hook.pytest_deselected(items=others)
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
    # A process that waits after each test would have nobody to wait for.
    settings.FLASH_SPARE_TRAINER = timedelta(0)


@pytest.fixture(autouse=True)
def _idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimates are the same whatever else this machine does."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))


@pytest.fixture(autouse=True)
def _memory_of_its_own() -> None:
    """No test meets a model that another left in memory (primary keys start anew), or a worker that was stopped."""
    predictor.loaded.cache_clear()
    STOPPING.clear()


@pytest.fixture
def made_up_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """The score "error" is known: see tests/made_up_score.py."""
    monkeypatch.setitem(SCORES, "error", made_up.KIND)


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
    # Senders do not load what they send to; a worker has it loaded.
    import_module("jobs.actors")
    # Its threads' connections would keep the test database from being dropped.
    closing = DbConnectionsMiddleware()
    broker.add_middleware(closing)
    running = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    running.start()
    yield running
    running.stop()
    broker.middleware.remove(closing)


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
def s3_server() -> Iterator[str]:
    """The address of an S3 on this machine (moto)."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """Files lie in an empty bucket, with the options of the real settings; a client for it, `settings.BUCKET`."""
    import boto3
    from django.core.files.storage import storages

    from flashsite.settings import _S3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    bucket = {"bucket_name": "flash-tests", "region_name": "eu-west-1", "endpoint_url": s3_server}
    settings.BUCKET = "flash-tests"
    settings.STORAGES = {**settings.STORAGES, "default": {**_S3, "OPTIONS": {**_S3["OPTIONS"], **bucket}}}
    client = boto3.client("s3", region_name="eu-west-1", endpoint_url=s3_server)
    client.create_bucket(
        Bucket=settings.BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield client
    for row in client.list_objects_v2(Bucket=settings.BUCKET).get("Contents", []):
        client.delete_object(Bucket=settings.BUCKET, Key=row["Key"])
    for upload in client.list_multipart_uploads(Bucket=settings.BUCKET).get("Uploads", []):
        client.abort_multipart_upload(Bucket=settings.BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    client.delete_bucket(Bucket=settings.BUCKET)
    client.close()
    storages["default"].connection.meta.client.close()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser for the tests marked `browser`: playwright's executable_path."""
    found = chromium()
    assert found is not None, "mark the test with @pytest.mark.browser"
    return found
