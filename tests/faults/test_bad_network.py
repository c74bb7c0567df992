"""A network before Redis or the bucket that delays, holds and cuts: nothing is lost, and nothing done twice."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from django.core.files.storage import default_storage

from modelstore.access import get_model
from modelstore.bundles import local_cache, store
from modelstore.ground import files, tokens
from modelstore.lifetime import pruning
from modelstore.models import Tombstone, TrainedModel
from tests.bundles import text_bundle
from tests.faults.proxy import Proxy
from tests.redis_process import RedisProcess


@pytest.mark.slow
@pytest.mark.redis
def test_jobs_reach_their_workers_through_a_network_that_cuts_and_delays(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    with RedisProcess() as redis, Proxy(redis.path, seed=7) as network:
        site = make_site(
            tmp_path / "var",
            REDIS_URL=f"redis://127.0.0.1:{network.port}/0",
            FLASH_SPARE_TRAINER_SECONDS="0",
            FLASH_TRAINER_THREADS="1",
        )
        network.most_delay, network.cut_after = 0.1, 20_000
        site.start()
        site.begin("work", "training")
        site.begin("work", "control", "--periodic")
        stop = threading.Event()

        def storm() -> None:
            while not stop.wait(1.5):
                network.cut()

        storming = threading.Thread(target=storm)
        storming.start()
        try:
            sent = [site.submit(number) for number in range(3)]
            assert site.ask("GET", "/")[0] == 200
            ends = [site.wait_for_job(token, "deployed", "failed", seconds=180) for token in sent]
        finally:
            stop.set()
            storming.join()
        assert [job["status"] for job in ends] == ["deployed"] * 3, [job["error"] for job in ends]
        assert network.cuts > 2
        for token in sent:
            _, events = site.ask("GET", f"/api/v1/jobs/{token}/events/")
            assert not any("another try" in event["message"] for event in events["results"])
        assert len(list((site.var / "media" / "jobs").rglob("model.json"))) == 3, "one model for each"
        # While there is a network: without one its workers wait for it to come back.
        site.stop()


@pytest.fixture
def network(s3: Any, s3_server: str, settings: Any) -> Iterator[Proxy]:
    """The bucket lies behind this."""
    from django.core.files.storage import storages

    where = urlsplit(s3_server)
    with Proxy((str(where.hostname), int(where.port or 0)), seed=3) as proxy:
        options = {
            **settings.STORAGES["default"]["OPTIONS"],
            "endpoint_url": f"http://127.0.0.1:{proxy.port}",
            # As in the settings, with less patience.
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=1,
                read_timeout=1.5,
                retries={"total_max_attempts": 2, "mode": "standard"},
            ),
        }
        default = {**settings.STORAGES["default"], "OPTIONS": options}
        settings.STORAGES = {**settings.STORAGES, "default": default}
        yield proxy
        proxy.release()
        storages["default"].connection.meta.client.close()


def publish(folder: Path, number: int, token: str = "a token") -> TrainedModel:
    prefix = f"jobs/{number}/1"
    store.upload_bundle(folder=folder, prefix=prefix)
    return store.create_model(
        token_digest=tokens.digest(token),
        prefix=prefix,
        folder=folder,
        task_name="far away",
        downloadable=True,
    )


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_hangs_or_cuts_leaves_nothing_half_stored(
    network: Proxy, tmp_path: Path, s3: Any
) -> None:
    folder = text_bundle(tmp_path / "bundle")
    # The head of a request passes, and a part of most files.
    network.cut_after = 900
    with pytest.raises(files.StorageUnavailable):
        store.upload_bundle(folder=folder, prefix="jobs/1/1")
    network.cut_after = None
    network.hold()
    with pytest.raises(files.StorageUnavailable):
        store.upload_bundle(folder=folder, prefix="jobs/2/1")
    network.release()
    network.most_delay = 0.03
    publish(folder, 3)
    for file in files.walk("jobs"):
        content = (folder / file.key.rpartition("/")[2]).read_bytes()
        assert len(content) == file.size, "whatever has a name is whole"
    assert not default_storage.exists("jobs/1/1/model.json")
    assert not default_storage.exists("jobs/2/1/model.json")


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_is_away_is_told_and_a_model_that_goes_meanwhile_goes_later(
    network: Proxy, tmp_path: Path
) -> None:
    model = publish(text_bundle(tmp_path / "bundle"), 1)
    network.hold()
    with pytest.raises(files.StorageUnavailable):
        local_cache.folder_of(model)
    store.delete_model(model)
    assert Tombstone.objects.get().failures == 1
    assert pruning.prune().files_left == 1
    network.release()
    assert pruning.prune().files_left == 0
    assert not list(files.walk("jobs"))
    assert not TrainedModel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_bundle_is_fetched_whole_or_not_at_all(network: Proxy, tmp_path: Path) -> None:
    model = publish(text_bundle(tmp_path / "bundle"), 1)
    network.cut_after = 600
    with pytest.raises(files.StorageUnavailable):
        local_cache.folder_of(model)
    assert not TrainedModel.objects.exclude(damaged_prefix="").exists(), "a bad line is no damage"
    network.cut_after, network.most_delay = None, 0.03
    local_cache.folder_of(get_model("a token"))
