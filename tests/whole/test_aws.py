"""The whole path on AWS, over real HTTP: a job wakes a machine, trains there, and the machine sleeps again."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.aws_site import AwsSite, aws_site, wait_for
from tests.whole.conftest import Flash

pytestmark = [pytest.mark.slow, pytest.mark.redis]

TEXT = "textclassification"


@pytest.fixture(scope="module")
def site() -> Iterator[AwsSite]:
    with aws_site() as running:
        yield running


@pytest.fixture(scope="module")
def name(site: AwsSite) -> str:
    """The one stopped instance with our tag."""
    return site.add_instance()


def test_a_job_wakes_a_machine_trains_there_and_lets_it_sleep(site: AwsSite, name: str, table: Path) -> None:
    flash, machine = Flash(site.url), site.add_machine(name)
    wait_for(lambda: site.state(name) == "stopped", "the machine sleeps")
    assert flash.status()["status"] == "sleeping"

    job = flash.train(table, task_type=TEXT, task_name="small talk")
    assert site.keys("datasets/"), "the data waits in the bucket"
    wait_for(lambda: site.state(name) == "running", "the machine was started")
    assert site.tags(name)["flash:installation"] == "flash"
    assert flash.status()["status"] == "active"

    machine.boot()
    job = flash.wait(job["token"], timeout=180, poll=0.5)
    assert job["status"] == "deployed", (job["error"], machine.log())
    files = {key.rsplit("/", 1)[1] for key in site.keys("jobs/")}
    assert {"model.onnx", "model.pt", "model.safetensors", "model.json", "report.json"} <= files
    wait_for(lambda: not site.keys("datasets/"), "the data is gone from the bucket", seconds=20)

    wait_for(lambda: site.state(name) == "stopped", "the machine was stopped")
    machine.end()
    assert flash.status()["status"] == "sleeping"

    # The machine and its disk are gone; the bucket is all that the prediction needs.
    shutil.rmtree(machine.folder)
    answers = flash.predict_texts(job["token"], ["rain and snow", "soup with bread"])
    assert [answer["label"] for answer in answers] == ["weather", "food"]


def test_a_job_continues_on_a_server_with_an_empty_disk(site: AwsSite, name: str, table: Path) -> None:
    flash, first, second = Flash(site.url), site.add_machine(name), site.add_machine(name)
    job = flash.train(table, task_type=TEXT, task_name="long", model="lstm", epochs="60", early_stopping="60")
    token = job["token"]
    wait_for(lambda: site.state(name) == "running", "the machine was started")
    first.boot()
    wait_for(lambda: site.keys("checkpoints/"), f"a checkpoint: {first.folder}", seconds=180)
    before = flash.job(token)["epochs"]
    assert before
    first.end(signal.SIGKILL)
    shutil.rmtree(first.folder)

    second.boot()
    job = flash.wait(token, timeout=240, poll=0.5)
    assert job["status"] == "deployed", (job["error"], second.log())
    # Trained once: had it begun again, the first epoch would have taken another time.
    assert job["epochs"][0] == before[0]
    assert [epoch["epoch"] for epoch in job["epochs"]] == list(range(1, 61))
    assert any("another try" in event["message"] for event in flash.events(token))
    wait_for(lambda: not site.keys("checkpoints/"), "the checkpoint is gone", seconds=20)
    second.end()
