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
# Half a minute of training, also on a fast machine: long enough to be taken away twice.
LONG = {"epochs": "80", "early_stopping": "80", "batch_size": "2"}


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

    others = site.keys("datasets/")
    job = flash.train(table, task_type=TEXT, task_name="small talk")
    (data,) = set(site.keys("datasets/")) - set(others)
    wait_for(lambda: site.state(name) == "running", "the machine was started")
    assert site.tags(name)["flash:installation"] == "flash"
    assert flash.status()["status"] == "active"

    machine.boot()
    job = flash.wait(job["token"], timeout=180, poll=0.5)
    assert job["status"] == "deployed", (job["error"], machine.log())
    files = {key.rsplit("/", 1)[1] for key in site.keys("jobs/")}
    assert {"model.onnx", "model.pt", "model.safetensors", "model.json", "report.json"} <= files
    wait_for(lambda: data not in site.keys("datasets/"), "the data is gone from the bucket", seconds=20)

    wait_for(lambda: site.state(name) == "stopped", "the machine was stopped")
    machine.end()
    assert flash.status()["status"] == "sleeping"

    # The machine and its disk are gone; the bucket is all that the prediction needs.
    shutil.rmtree(machine.folder)
    answers = flash.predict_texts(job["token"], ["rain and snow", "soup with bread"])
    assert [answer["label"] for answer in answers] == ["weather", "food"]


@pytest.mark.browser
def test_a_browser_sends_a_large_file_to_the_bucket_by_itself(
    site: AwsSite, chromium_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is allowed by hand: the page's own policy and the bucket's CORS let the parts through."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    path = tmp_path / "large.csv"
    words = {"good": "lovely great fun " * 150, "bad": "terrible awful boring " * 120}
    others = site.keys("datasets/")
    rows = [f"{number} {words[label]},{label}" for number in range(3_500) for label in words]
    path.write_text("\n".join(["input,label", *rows]))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
        page.goto(f"{site.url}/new/text/")
        page.set_input_files("input[type=file]", path)
        page.get_by_text("Upload and check").click()
        page.wait_for_url("**/datasets/**", timeout=90_000)
        browser.close()
    parts = [line for line in sent if line.startswith("PUT ")]
    assert len(parts) == -(-path.stat().st_size // (8 * 1024**2))
    assert all(line.startswith(f"PUT {site.environment['AWS_ENDPOINT_URL']}/") for line in parts)
    assert not [line for line in sent if line.startswith("PATCH ")]
    assert len(set(site.keys("datasets/")) - set(others)) == 1


def test_a_job_continues_on_a_server_with_an_empty_disk(site: AwsSite, name: str, table: Path) -> None:
    flash, first, second = Flash(site.url), site.add_machine(name), site.add_machine(name)
    job = flash.train(table, task_type=TEXT, task_name="long", model="lstm", **LONG)
    token = job["token"]
    wait_for(lambda: site.state(name) == "running", "the machine was started")
    first.boot()
    before = wait_for(lambda: flash.job(token)["epochs"], "an epoch", seconds=180)
    for _ in range(2):
        # The second new one was begun after the epoch was told.
        seen = set(site.keys("checkpoints/"))
        wait_for(lambda seen=seen: set(site.keys("checkpoints/")) - seen, "a checkpoint")
    first.end(signal.SIGKILL)
    shutil.rmtree(first.folder)

    known = len(flash.job(token)["epochs"])

    second.boot()
    wait_for(lambda: len(flash.job(token)["epochs"]) > known, "an epoch on the second server", seconds=180)
    flash.stop(token)
    job = flash.wait(token, timeout=120, poll=0.5)
    assert job["status"] == "deployed", (job["error"], second.log())
    # Trained once: had it begun again, the first epoch would have taken another time.
    assert job["epochs"][0] == before[0], [event["message"] for event in flash.events(token)]
    assert [epoch["epoch"] for epoch in job["epochs"]] == list(range(1, len(job["epochs"]) + 1))
    assert any("another try" in event["message"] for event in flash.events(token))
    wait_for(lambda: not site.keys("checkpoints/"), "the checkpoint is gone", seconds=20)
    second.end()
