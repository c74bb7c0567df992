"""Preset Auto on the pages and in the API: chosen, watched, and told of afterwards."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job, Trial
from jobs.queue import lifecycle
from jobs.worker.trainer_events import EventLog
from tests.site.test_pages import read
from tests.tasks import Task

TRIAL = {
    "number": 1,
    "words": "Quick",
    "model_name": "mobilenet_v2",
    "state": "running",
    "seconds": 0.0,
    "score": None,
    "note": "",
}
SCORE = {"name": "accuracy", "value": 0.843, "low": 0.8, "high": 0.9}


def _searching(make_job: Any) -> Job:
    """A running job of preset Auto with one trial that is done, one that failed and one that runs."""
    job: Job = make_job(status="training", preset="auto", fence=1)
    log = EventLog(job)
    for told in (
        TRIAL,
        TRIAL | {"state": "done", "seconds": 12.0, "score": SCORE},
        TRIAL
        | {
            "number": 2,
            "words": "Best",
            "state": "failed",
            "seconds": 75.0,
            "note": "There was not enough memory.",
        },
        TRIAL | {"number": 3, "words": "Balanced"},
    ):
        log.take({"event": "trial", **told})
    return job


def test_the_page_of_the_data_offers_it_with_minutes(client: Client, image_dataset) -> None:
    page = read(client.get(reverse("dataset", args=[image_dataset.token])))
    (auto,) = page.all("input", type="radio", value="auto")
    assert "checked" not in auto
    (minutes,) = page.all("input", name="budget_minutes")
    assert minutes["data-only-preset"] == "auto"
    assert "as long as you give it" in page.text


def test_the_form_keeps_minutes_and_refuses_what_auto_finds_itself(client: Client, image_dataset) -> None:
    address = reverse("dataset", args=[image_dataset.token])
    wrong = {"task_name": "x", "preset": "auto", "budget_minutes": "5", "learning_rate": "0.1"}
    page = read(client.post(address, wrong), 400)
    assert "Preset Auto finds this itself" in page.text
    assert page.all("input", name="budget_minutes", value="5")
    client.post(address, {"task_name": "x", "preset": "auto", "budget_minutes": "5"})
    job = Job.objects.get()
    assert (job.preset, job.config["budget_minutes"]) == ("auto", 5)
    assert job.quote is not None
    assert job.quote["training_seconds"]["expected"] == pytest.approx(312)


def test_a_running_search_shows_what_was_tried(client: Client, make_job) -> None:
    job = _searching(make_job)
    page = read(client.get(reverse("job", args=[job.token])))
    for words in (
        "What Auto has tried",
        "84.3",
        "best so far",
        "1 min 15 s",
        "There was not enough memory.",
        "training",
    ):
        assert words in page.text
    assert Trial.objects.count() == 3


def test_the_fragment_changes_with_the_trials(client: Client, make_job) -> None:
    job = _searching(make_job)
    address = reverse("job-live", args=[job.token])
    seen = client.get(address).context["version"]
    assert client.get(address, {"seen": seen}).status_code == 204
    EventLog(job).take({"event": "trial", **TRIAL, "number": 3, "state": "done", "score": SCORE})
    assert client.get(address, {"seen": seen}).status_code == 200


def test_the_api_lists_the_trials(client: Client, make_job) -> None:
    told = client.get(f"/api/v1/jobs/{_searching(make_job).token}/").json()["trials"]
    assert [row["state"] for row in told] == ["done", "failed", "running"]
    assert told[0]["score"]["value"] == 0.843
    assert told[2]["score"] is None


def test_a_start_from_the_beginning_forgets_them(make_job) -> None:
    job = _searching(make_job)
    lifecycle.forget_figures(job=job)
    assert not Trial.objects.exists()


def test_the_model_tells_how_it_was_chosen(client: Client, make_model) -> None:
    model = make_model(Task.IMAGE)
    done = TRIAL | {"state": "done", "seconds": 12.0, "score": SCORE}
    model.report["search"] = {
        "minutes": 3.0,
        "seconds": 90.0,
        "ended": "Nothing else promised enough for its time.",
        "chosen": 2,
        "best_score": SCORE | {"value": 0.867},
        "trials": [done, done | {"number": 2, "words": "Balanced", "score": SCORE | {"value": 0.867}}],
    }
    model.save()
    page = read(client.get(reverse("model", args=[model.token])))
    for words in ("Auto tried 2 trainings", "Balanced", "kept", "86.7", "Nothing else promised"):
        assert words in page.text
    assert client.get(f"/api/v1/models/{model.token}/").json()["metrics"]["search"]["chosen"] == 2
