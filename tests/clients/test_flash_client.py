"""The client in Python against a real server of the test's own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.batches import runner as batch_runner
from jobs.models import Job, PlatformStatus
from modelstore import api_keys
from tests.bundles import picture
from tests.jobs.conftest import CSV, make_dataset, make_job  # noqa: F401  # fixtures
from tests.modelstore.conftest import Publish, publish  # noqa: F401  # a fixture

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))

import flash_client
from flash_client import Flash, FlashProblem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "things.csv"
    path.write_bytes(CSV)
    return path


@pytest.fixture
def flash(live_server: Any) -> Flash:
    return Flash(live_server.url)


def test_a_job_is_sent_with_its_progress_and_followed(flash: Flash, table: Path) -> None:
    sent: list[tuple[int, int]] = []
    job = flash.train(
        table, task_type="textclassification", task_name="things", on_upload=lambda *now: sent.append(now)
    )
    assert sent[-1][0] == sent[-1][1] > len(CSV)
    assert flash.status()["queued"] == 1
    assert flash.cancel(job["token"])["status"] == "cancelled"
    seen: list[str] = []
    ended = flash.wait(job["token"], on_progress=lambda job: seen.append(job["status"]))
    assert (ended["status"], seen) == ("cancelled", ["cancelled"])


def test_a_large_file_goes_in_pieces(flash: Flash, table: Path) -> None:
    sent: list[tuple[int, int]] = []
    dataset = flash.upload(table, task_type="textclassification", on_upload=lambda *now: sent.append(now))
    assert sent[-1] == (len(CSV), len(CSV))
    assert flash.quote(dataset_token=dataset["token"])["training_seconds"]["expected"] > 0
    assert flash.train(dataset_token=dataset["token"], task_name="things")["status"] == "queued"


def test_a_whole_file_is_predicted(flash: Flash, publish: Publish, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "moods.csv").write_text("text\ngreat\nawful\nfun\n")
    seen: list[str] = []

    def work(batch: dict[str, Any]) -> None:
        seen.append(batch["status"])
        batch_runner.run_next()

    batch = flash.predict_file(
        publish("text").token,
        tmp_path / "moods.csv",
        tmp_path / "out.jsonl",
        poll=0.05,
        on_progress=work,
        top_k=1,
    )
    assert (batch["status"], batch["counts"], seen) == ("done", {"good": 2, "bad": 1}, ["queued", "done"])
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["good", "bad", "good"]


def test_a_model_is_measured_on_a_labelled_file(
    flash: Flash,
    publish: Publish,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "moods.csv").write_text("remark,mood\ngreat,good\nawful,bad\nfun,bad\nboring,bad\n")
    token = publish("text").token

    def work(row: dict[str, Any]) -> None:
        batch_runner.run_next()

    chosen = {"input_column": "remark", "label_column": "mood"}
    found = flash.evaluate(token, tmp_path / "moods.csv", poll=0.05, on_progress=work, **chosen)
    assert (found["status"], found["evaluation"]["score"]["value"]) == ("done", 0.75)
    flash.evaluate(
        token,
        tmp_path / "moods.csv",
        tmp_path / "out.csv",
        poll=0.05,
        on_progress=work,
        classes={"bad": "good", "good": "bad"},
        **chosen,
    )
    lines = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("remark,mood,truth,right,label")
    assert lines[1].startswith("great,good,bad,no,good")
    with pytest.raises(FlashProblem) as refusal:
        flash.evaluate(token, tmp_path / "moods.csv", input_column="nothing")
    assert refusal.value.status == 422


def test_predictions_and_files_come_back(flash: Flash, publish: Publish, tmp_path: Path) -> None:  # noqa: F811
    moods, colours = publish("text"), publish("image")
    assert flash.model(moods.token)["classes"] == moods.classes
    answers = flash.predict_texts(moods.token, ["lovely fun", "awful"], top_k=1)
    assert [answer["label"] for answer in answers] == ["good", "bad"]
    (tmp_path / "green.png").write_bytes(picture("green"))
    assert flash.predict_pictures(colours.token, [tmp_path / "green.png"])[0]["label"] == "green"
    got: list[tuple[int, int]] = []
    saved = flash.download(moods.token, tmp_path / "model.zip", on_download=lambda *now: got.append(now))
    assert got[-1] == (saved.stat().st_size, saved.stat().st_size)
    with pytest.raises(FlashProblem) as refusal:
        flash.download("nothing", tmp_path / "none.zip")
    assert (refusal.value.status, refusal.value.code) == (404, "model_not_found")
    assert sorted(path.name for path in tmp_path.glob("*none*")) == []


def test_lists_are_followed_to_their_end(
    live_server: Any,
    make_job: Callable[..., Job],  # noqa: F811
) -> None:
    made = [make_job() for _ in range(55)]
    with pytest.raises(FlashProblem, match="key"):
        next(Flash(live_server.url).jobs())
    operator = Flash(live_server.url, key=api_keys.create(name="x", scopes=["operate"])[1])
    assert [job["token"] for job in operator.jobs()] == [job.token for job in reversed(made)]
    assert list(operator.models()) == []
    assert list(operator.servers()) == []
    assert operator.change_status(dev_mode=True)["dev_mode"] is True


def test_what_is_refused_for_now_is_sent_again(
    live_server: Any, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        PlatformStatus.objects.update(dev_mode=False)

    monkeypatch.setattr(flash_client.time, "sleep", nap)
    fields = {"task_type": "textclassification", "task_name": "things"}
    with pytest.raises(FlashProblem) as refusal:
        Flash(live_server.url).train(table, **fields)
    assert (refusal.value.code, refusal.value.retry_after) == ("dev_mode", 60)
    job = Flash(live_server.url, patience=100).train(table, **fields)
    assert (naps, job["status"]) == ([60], "queued")
