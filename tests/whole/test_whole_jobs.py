"""From the upload to the prediction through a site that was started with `manage.py up`: nothing is replaced."""

import io
import json
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.whole.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.redis]

TEXT, IMAGE = "textclassification", "imageclassification"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "colours.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
                archive.writestr(f"colours/{label}/{number}.png", picture(colour, number))
    return path


def picture(colour: tuple[int, int, int], number: int) -> bytes:
    image = Image.new("RGB", (64, 48), colour)
    ImageDraw.Draw(image).ellipse((number, 5, number + 20, 30), fill=(number * 10, 120, 90))
    image.save(data := io.BytesIO(), "PNG")
    return data.getvalue()


def shares(top: list[dict[str, Any]]) -> dict[str, float]:
    return {entry["label"]: entry["probability"] for entry in top}


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_table_becomes_a_model_that_predicts_and_can_be_taken_away(
    site: Site, table: Path, tmp_path: Path
) -> None:
    job = site.flash.train(table, task_type=TEXT, task_name="small talk")
    job = site.flash.wait(job["token"], timeout=200, poll=0.3)
    assert job["status"] == "deployed", job["error"]
    assert job["epochs"]
    model = site.flash.model(job["token"])
    assert model["classes"] == ["food", "weather"]
    # But for their numbers its sentences are few, so all of them are measured on, in folds, and that says little.
    assert model["accuracy"] > 0.7 and model["accuracy_interval"][0] < 0.8
    assert model["metrics"]["folds"]["samples"] == model["metrics"]["folds"]["of"]
    answers = site.flash.predict_texts(job["token"], ["there is snow and wind", "I want cake and soup"])
    assert [answer["label"] for answer in answers] == ["weather", "food"]
    bundle = site.flash.download(job["token"], tmp_path / "bundle.zip")
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        names = {name.rsplit("/", 1)[-1] for name in archive.namelist()}
    assert {
        "model.onnx",
        "model.pt",
        "model.safetensors",
        "model.json",
        "tokenizer.json",
        "report.json",
    } <= names


def test_pictures_become_a_model_and_the_site_stays_quick_meanwhile(
    site: Site, pictures: Path, tmp_path: Path
) -> None:
    job = site.flash.train(pictures, task_type=IMAGE, task_name="colours", pretrained="false", epochs="2")
    waits = []
    while site.flash.job(job["token"])["status"] in ("queued", "starting", "training", "deploying"):
        start = time.monotonic()
        with urllib.request.urlopen(f"{site.url}/jobs/{job['token']}/", timeout=20) as page:
            page.read()
        waits.append(time.monotonic() - start)
        time.sleep(0.1)
    job = site.flash.job(job["token"])
    assert job["status"] == "deployed", job["error"]
    # No timed test: only that the trainer does not starve the pages.
    assert sorted(waits)[len(waits) // 2] < 10
    paths = [tmp_path / "red.png", tmp_path / "blue.png"]
    paths[0].write_bytes(picture((200, 30, 30), 3))
    paths[1].write_bytes(picture((30, 30, 200), 4))
    answers = site.flash.predict_pictures(job["token"], paths)
    assert {entry["label"] for entry in answers[0]["top"]} == {"red", "blue"}
    assert all(abs(sum(entry["probability"] for entry in answer["top"]) - 1) < 1e-3 for answer in answers)
    batch = site.flash.predict_file(job["token"], pictures, tmp_path / "all.jsonl", timeout=100, poll=0.2)
    assert (batch["status"], batch["done"], batch["bad"]) == ("done", 24, 0), batch["error"]
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert lines[0]["file"] == "colours/red/0.png"
    # The batch and the page answer alike.
    (tmp_path / "0.png").write_bytes(picture((200, 30, 30), 0))
    again = site.flash.predict_pictures(job["token"], [tmp_path / "0.png"])[0]["top"]
    assert shares(lines[0]["top"]) == pytest.approx(shares(again), abs=1e-3)


def test_a_killed_worker_costs_a_try_and_many_jobs_run_once_each(site: Site, table: Path) -> None:
    """Faults 3 and 6 of the reliability bar: kill -9 in the middle, several submitted at once."""
    long = site.flash.train(
        table, task_type=TEXT, task_name="long", model="lstm", epochs="40", early_stopping="40"
    )
    others = [site.flash.train(table, task_type=TEXT, task_name=f"job {n}", seed=str(n)) for n in range(3)]
    # The lane of short jobs may have taken the first of them.
    assert [job["queue_position"] for job in others][-1] >= 2
    wait_until(lambda: bool(site.flash.job(long["token"])["epochs"]), seconds=120)
    doomed = site.processes("work", "training") + site.processes("-m", "training")
    assert len(doomed) >= 2
    for process in doomed:
        process.kill()
    ends = [site.flash.wait(job["token"], timeout=300, poll=0.5) for job in [long, *others]]
    assert [job["status"] for job in ends] == ["deployed"] * 4, [job["error"] for job in ends]
    messages = [event["message"] for event in site.flash.events(long["token"])]
    assert any("another try" in message for message in messages)
    epochs = [epoch["epoch"] for epoch in ends[0]["epochs"]]
    assert epochs == sorted(set(epochs))


def test_a_running_job_is_cancelled_and_its_trainer_gone(site: Site, table: Path) -> None:
    job = site.flash.train(
        table, task_type=TEXT, task_name="cancelled", model="lstm", epochs="150", early_stopping="150"
    )
    wait_until(lambda: site.flash.job(job["token"])["status"] == "training")
    wait_until(lambda: bool(site.processes("-m", "training")))
    trainers = site.processes("-m", "training")
    site.flash.cancel(job["token"])
    assert site.flash.wait(job["token"], timeout=30)["status"] == "cancelled"
    wait_until(lambda: not any(trainer.is_running() for trainer in trainers), seconds=10)


def test_bad_data_fails_with_words_and_nothing_else_breaks(site: Site, tmp_path: Path) -> None:
    from flash_client import FlashProblem

    path = tmp_path / "one.csv"
    path.write_text("input,label\nhello,a\nworld,a\n")
    with pytest.raises(FlashProblem) as refusal:
        site.flash.train(path, task_type=TEXT, task_name="one class")
    assert refusal.value.status == 422
    assert json.dumps(refusal.value.problem)
    assert site.flash.status()["accepting"] is True


def test_a_first_model_predicts_while_the_training_goes_on_and_the_best_is_kept(
    site: Site, table: Path
) -> None:
    job = site.flash.train(
        table, task_type=TEXT, task_name="long", model="gru", epochs="150", early_stopping="150"
    )
    token = job["token"]
    wait_until(lambda: bool(site.flash.job(token)["model_url"]), seconds=120)
    assert site.flash.job(token)["status"] == "training"
    (answer,) = site.flash.predict_texts(token, ["there is snow and wind"])
    assert answer["label"] == "weather"
    wait_until(lambda: bool(site.flash.job(token)["epochs"]), seconds=120)
    stop = urllib.request.Request(f"{site.url}/api/v1/jobs/{token}/stop/", method="POST")
    with urllib.request.urlopen(stop, timeout=20):
        pass
    job = site.flash.wait(token, timeout=120, poll=0.3)
    assert job["status"] == "deployed", job["error"]
    assert 0 < len(job["epochs"]) < 150
    assert site.flash.predict_texts(token, ["I want cake"])[0]["label"] == "food"
