"""A worker that sleeps past its lease and wakes up: the fence refuses whatever it still wants to write."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.redis_process import RedisProcess

pytestmark = [pytest.mark.slow, pytest.mark.redis]


def trainers(worker: Any) -> list[psutil.Process]:
    """The trainings that a worker has started and that still run."""
    children = psutil.Process(worker.pid).children()
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


def events(site: Any, token: str) -> list[str]:
    _, page = site.ask("GET", f"/api/v1/jobs/{token}/events/")
    return [event["message"] for event in page["results"]]


def bundles(site: Any) -> list[str]:
    """Folders of stored models, without the demo."""
    return sorted(str(path.parent) for path in (site.var / "media" / "jobs").rglob("model.json"))


def test_a_worker_that_wakes_after_its_lease_publishes_nothing(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    with RedisProcess() as redis:
        site = make_site(
            tmp_path / "var",
            REDIS_URL=redis.url,
            FLASH_LEASE_SECONDS="3",
            FLASH_SPARE_TRAINER_SECONDS="0",
            FLASH_TRAINER_THREADS="1",
        )
        site.start()
        token = site.submit(model="gru", epochs="6", early_stopping="6")
        sleeper = site.begin("work", "training")
        site.manage("tick")
        site.wait_until(lambda: site.job(token)["epochs"], 90)
        sleeper.send_signal(signal.SIGSTOP)

        site.begin("work", "training")

        def another_try() -> bool:
            site.manage("tick")
            return any("another try" in message for message in events(site, token))

        site.wait_until(another_try, 60)
        job = site.wait_for_job(token, "deployed")
        model = site.ask("GET", f"/api/v1/models/{token}/")
        asked = json.dumps({"inputs": ["today there is rain and snow"], "top_k": 3}).encode()
        predict = ("POST", f"/api/v1/models/{token}/predict/", asked, {"Content-Type": "application/json"})
        answer = site.ask(*predict)
        site.manage("prune_models")
        before = bundles(site)

        # Its own training came to its end meanwhile, and all of its events wait to be written.
        site.wait_until(lambda: not trainers(sleeper), 60)
        sleeper.send_signal(signal.SIGCONT)
        second = site.submit(1)
        site.manage("tick")
        assert site.wait_for_job(second, "deployed", "failed")["status"] == "deployed"
        # Both workers are idle now: the one that slept is done with what it held.
        site.manage("prune_models")
        after = site.job(token)
        assert (after["status"], after["finished"], after["error"]) == ("deployed", job["finished"], None)
        epochs = [epoch["epoch"] for epoch in after["epochs"]]
        assert epochs == sorted(set(epochs))
        assert site.ask("GET", f"/api/v1/models/{token}/") == model
        assert site.ask(*predict) == answer
        assert [path for path in bundles(site) if path in before] == before
        assert len(bundles(site)) == 2, "one for each job"
