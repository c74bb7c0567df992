"""The whole path on AWS, over real HTTP: a job wakes a machine, trains there, and the machine sleeps again."""

import shutil
from pathlib import Path

import pytest

from tests.whole.aws_site import aws_site, wait_for
from tests.whole.conftest import Flash

pytestmark = [pytest.mark.slow, pytest.mark.redis]


def test_a_job_wakes_a_machine_trains_there_and_lets_it_sleep(table: Path) -> None:
    with aws_site() as site:
        flash, machine = Flash(site.url), site.add_instance()
        assert flash.status()["status"] == "sleeping"
        assert site.state(machine.name) == "stopped"

        job = flash.train(table, task_type="textclassification", task_name="small talk")
        assert site.keys("datasets/"), "the data waits in the bucket"
        wait_for(lambda: site.state(machine.name) == "running", "the machine was started")
        assert site.tags(machine.name)["flash:installation"] == "flash"
        assert flash.status()["status"] == "active"

        machine.boot()
        job = flash.wait(job["token"], timeout=180, poll=0.5)
        assert job["status"] == "deployed", (job["error"], machine.log())
        names = {key.rsplit("/", 1)[1] for key in site.keys("jobs/")}
        assert {"model.onnx", "model.pt", "model.safetensors", "model.json", "report.json"} <= names
        wait_for(lambda: not site.keys("datasets/"), "the data is gone from the bucket", seconds=20)
        assert not site.keys("checkpoints/")

        wait_for(lambda: site.state(machine.name) == "stopped", "the machine was stopped")
        machine.end()
        assert flash.status()["status"] == "sleeping"

        # The machine and its disk are gone; the bucket is all that the prediction needs.
        shutil.rmtree(machine.folder)
        answers = flash.predict_texts(job["token"], ["rain and snow", "soup with bread"])
        assert [answer["label"] for answer in answers] == ["weather", "food"]
