"""A score of which less is better goes all the way: epochs, takeover, rows, pages, API, notices."""

import importlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from jobs.notices import notifications
from jobs.queue import early_model, lifecycle, retraining
from jobs.worker.trainer_events import EventLog
from modelstore.access import get_model
from modelstore.bundles import demo_model, store
from modelstore.bundles.model_card import model_card
from modelstore.models import TrainedModel
from tests.bundles import text_bundle
from tests.made_up_score import error_bundle
from tests.published import create_model
from training.bundle.manifest import BundleDamaged, Manifest
from training.score import Score

pytestmark = [pytest.mark.usefixtures("made_up_score"), pytest.mark.django_db]
Bundle = Callable[..., Path]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    numbers = itertools.count()
    return lambda error, log_loss=None: error_bundle(tmp_path / f"bundle-{next(numbers)}", error, log_loss)


@pytest.fixture
def job(make_job: Any, server: Any) -> Job:
    made: Job = make_job(status="training", fence=1, server=server)
    log = EventLog(made)
    for epoch, error in enumerate([0.4, 0.2, 0.3], start=1):
        log.take({"event": "epoch", "epoch": epoch, "score": "error", "val_error": error, "val_loss": 0.5})
    return made


def offer(job: Job, folder: Path) -> None:
    prefix = f"jobs/{job.pk}/1-early"
    store.upload_bundle(folder=folder, prefix=prefix)
    early_model.publish(job=job, bundle=folder, prefix=prefix)


def end(job: Job, folder: Path) -> TrainedModel:
    prefix = f"jobs/{job.pk}/1"
    store.upload_bundle(folder=folder, prefix=prefix)
    lifecycle.start_deploying(job=job)
    lifecycle.publish(job=job, bundle=folder, prefix=prefix)
    job.refresh_from_db()
    return get_model(job.token)


def words(client: Client, name: str, token: str) -> str:
    return client.get(reverse(name, args=[token])).content.decode()


def test_the_page_of_a_running_job_has_the_best_epoch(job: Job, bundle: Bundle, client: Client) -> None:
    offer(job, bundle(0.25))
    page = words(client, "job", job.token)
    assert "Best validation error</dt><dd>20\N{NO-BREAK SPACE}%" in page
    assert "Its validation error is 25\N{NO-BREAK SPACE}%" in page
    assert "Validation error</th>" in page
    assert "with error 20\N{NO-BREAK SPACE}% on" in words(client, "job-cancel", job.token)
    told = client.get(reverse("api:job", args=[job.token])).json()
    assert [(row["val_score"], row["val_accuracy"]) for row in told["epochs"]][:1] == [(0.4, None)]
    assert told["score"] is None


@pytest.mark.parametrize(
    ("early", "full", "wins"),
    [
        ((0.3,), (0.2,), True),
        ((0.2,), (0.3,), False),
        ((0.2, 0.5), (0.2, 0.4), True),
        ((0.2,), (0.2,), False),
    ],
)
def test_the_lower_error_takes_over(job: Job, bundle: Bundle, early: Any, full: Any, wins: bool) -> None:
    offer(job, bundle(*early))
    model = end(job, bundle(*full))
    kept = (full if wins else early)[0]
    assert model.storage_prefix.endswith("/1" if wins else "/1-early")
    assert model.score == Score(name="error", value=kept, low=kept / 2, high=(1 + kept) / 2)
    assert (job.score, job.accuracy, model.accuracy) == (Score(name="error", value=kept), None, None)
    said = "replaces" if wins else "is no better"
    assert (
        job.events.filter(message__contains=said)
        .get()
        .message.startswith(f"The full training ({100 * full[0]:.1f} %)")
    )


def test_pages_api_and_notices_tell_it(job: Job, bundle: Bundle, client: Client) -> None:
    model = end(job, bundle(0.125))
    page = words(client, "model", job.token)
    assert "is its error on 20 validation sentences" in page
    assert "Error 12.5\N{NO-BREAK SPACE}%, 95 percent interval" in page
    assert "a simple method 50\N{NO-BREAK SPACE}%" in page
    assert "classified correctly" not in page
    told = client.get(reverse("api:model", args=[job.token])).json()
    assert told["score"] == {"name": "error", "value": 0.125, "low": 0.0625, "high": 0.5625}
    assert (told["accuracy"], told["accuracy_interval"]) == (None, None)
    assert client.get(reverse("api:job", args=[job.token])).json()["score"]["value"] == 0.125
    message = notifications.message(job)
    assert (message["accuracy"], message["score"]["name"]) == (None, "error")
    card = model_card(model)
    assert "| Error | 12.5 % |" in card
    assert "Accuracy |" not in card.split("## Class")[0].split("## Limits")[0]


def test_the_admin_tells_it(job: Job, bundle: Bundle, admin_client: Client) -> None:
    model = end(job, bundle(0.125))
    for table, row in (("jobs_job", job), ("modelstore_trainedmodel", model)):
        listed = admin_client.get(reverse(f"admin:{table}_changelist")).content.decode()
        assert "error 12.5 %" in listed
        assert admin_client.get(reverse(f"admin:{table}_change", args=[row.pk])).status_code == 200


def test_a_continued_model_is_compared_by_it(job: Job, bundle: Bundle, make_job: Any, server: Any) -> None:
    earlier = end(job, bundle(0.3))
    new = make_job(
        status="training", fence=1, server=server, continues=earlier, continues_prefix=earlier.storage_prefix
    )
    folder = bundle(0.2)
    told = {"samples": 20, "score": "error", "before": 0.3, "after": 0.2, "wins": True, "lost_classes": []}
    report = json.loads((folder / "report.json").read_text()) | {"previous": told}
    (folder / "report.json").write_text(json.dumps(report))
    settled = retraining.publish_continued(job=new, bundle=folder, prefix=f"jobs/{new.pk}/1")
    assert settled is not None
    assert settled.score.value == 0.2
    assert "the new one has error 20.0 %, the earlier one 30.0 %" in settled.comparison["words"]
    earlier.refresh_from_db()
    assert earlier.score.value == 0.2


def test_a_bundle_of_a_score_that_nobody_knows_is_refused(bundle: Bundle, monkeypatch: Any) -> None:
    folder = bundle(0.2)
    facts = json.loads((folder / "model.json").read_text())
    for score in ({"name": "luck", "value": 1.0}, {"name": "error"}, {}):
        (folder / "model.json").write_text(json.dumps(facts | {"score": score}))
        with pytest.raises(BundleDamaged, match="how good"):
            Manifest.read(folder)


class TestBefore:
    """What was made before scores had names."""

    def test_a_bundle_opens_and_its_accuracy_is_its_score(self, client: Client) -> None:
        assert "score" not in json.loads((demo_model.FOLDER / "model.json").read_text())
        demo_model.load()
        model = get_model(demo_model.TOKEN)
        assert model.score == Score(name="accuracy", value=1.0, low=0.954182, high=1.0)
        assert (model.accuracy, model.accuracy_low, model.accuracy_high) == (1.0, 0.954182, 1.0)
        assert "were classified correctly" in words(client, "model", demo_model.TOKEN)

    def test_it_can_be_beaten(self, tmp_path: Path) -> None:
        demo_model.load()
        TrainedModel.objects.update(
            accuracy=0.8, accuracy_low=0.7, score_value=None, score_low=None, score_high=None
        )
        model = get_model(demo_model.TOKEN)
        assert model.score.value == 0.8
        for accuracy, wins in ((0.9, True), (0.7, False)):
            folder = text_bundle(tmp_path / str(accuracy), accuracy=accuracy, accuracy_interval=[0.1, 1.0])
            assert store.beats(folder=folder, model=model) is wins

    def test_rows_are_filled(self, make_job: Any, tmp_path: Path) -> None:
        job = make_job(status="deployed", accuracy=0.75)
        waiting = make_job()
        folder = text_bundle(tmp_path / "bundle")
        create_model(token="x", prefix="jobs/1/1", folder=folder, task_name="x", downloadable=True)
        TrainedModel.objects.update(score_value=None, score_low=None, score_high=None)
        for name in ("modelstore.migrations.0008_fill_score", "jobs.migrations.0018_fill_score"):
            importlib.import_module(name).fill(apps, SimpleNamespace(connection=connection))
        (model,) = TrainedModel.objects.values_list("score_name", "score_value", "score_low", "score_high")
        assert model == ("accuracy", 0.9, 0.8, 0.95)
        job.refresh_from_db()
        waiting.refresh_from_db()
        assert (job.score_value, waiting.score_value) == (0.75, None)
