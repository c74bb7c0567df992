"""A model for the time being, which of the two stays, and stopping with the best so far."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models import Epoch, Job, JobEvent
from jobs.queue import cancellation, early_model, lifecycle
from jobs.states import JobStatus
from jobs.worker import runner
from modelstore.access import ModelExpired, get_model
from modelstore.bundles import store
from modelstore.lifetime import pruning
from modelstore.models import Tombstone, TrainedModel
from modelstore.prediction.predictor import predict
from tests.bundles import text_bundle
from tests.published import create_model


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Path]:
    """A bundle with this accuracy and log loss, that in the end learned from so many samples."""

    numbers = itertools.count()

    def make(accuracy: float, log_loss: float | None = None, learned: int = 80) -> Path:
        folder = text_bundle(
            tmp_path / f"bundle-{next(numbers)}", accuracy=accuracy, accuracy_interval=[0.1, 1.0]
        )
        report = folder / "report.json"
        if log_loss is not None:
            told = json.loads(report.read_text()) | {"log_loss": log_loss, "deployed_train_count": learned}
            report.write_text(json.dumps(told))
            from training.bundle.manifest import Manifest, describe_files

            manifest = Manifest.read(folder)
            manifest.files.update(describe_files(folder, ["report.json"]))
            manifest.write(folder)
        return folder

    return make


@pytest.fixture
def training_job(make_job: Any, server: Any) -> Job:
    return make_job(status="training", fence=1, server=server)


def offer(job: Job, folder: Path, name: str = "1-early") -> bool:
    prefix = f"jobs/{job.pk}/{name}"
    store.upload_bundle(folder=folder, prefix=prefix)
    return early_model.publish(job=job, bundle=folder, prefix=prefix)


def end(job: Job, folder: Path) -> TrainedModel:
    prefix = f"jobs/{job.pk}/1"
    store.upload_bundle(folder=folder, prefix=prefix)
    lifecycle.start_deploying(job=job)
    lifecycle.publish(job=job, bundle=folder, prefix=prefix)
    return get_model(job.token)


def test_an_early_model_predicts_under_the_token_of_a_running_job(training_job: Job, bundle: Any) -> None:
    assert offer(training_job, bundle(0.6))
    model = get_model(training_job.token)
    assert predict(model=model, inputs=["great fun"])[0].label == "good"
    training_job.refresh_from_db()
    assert (training_job.status, training_job.model, training_job.accuracy) == ("training", model, None)


@pytest.mark.parametrize(
    ("early_figures", "full_figures", "wins"),
    [
        ((0.6,), (0.7,), True),
        ((0.7,), (0.6,), False),
        ((0.7,), (0.7,), False),
        ((0.7, 0.5), (0.7, 0.4), True),
        ((0.7, 0.4), (0.7, 0.4), False),
        ((0.7, 0.4), (0.7, 0.4, 100), True),
        ((0.7, 0.4), (0.7, 0.5, 100), False),
        ((0.7, 0.4), (0.6, 0.1), False),
    ],
)
def test_the_full_model_takes_its_place_only_if_it_wins(
    training_job: Job, bundle: Any, early_figures: Any, full_figures: Any, wins: bool
) -> None:
    offer(training_job, bundle(*early_figures))
    before = get_model(training_job.token)
    model = end(training_job, bundle(*full_figures))
    training_job.refresh_from_db()
    assert (training_job.status, training_job.model_id) == ("deployed", before.pk)
    assert training_job.accuracy == model.accuracy == (full_figures if wins else early_figures)[0]
    assert model.storage_prefix.endswith("/1" if wins else "/1-early")
    assert model.created > before.created
    loser = f"jobs/{training_job.pk}/{'1-early' if wins else '1'}"
    assert Tombstone.objects.get().storage_prefix == loser
    assert predict(model=model, inputs=["terrible"])[0].label == "bad"
    store.bury(tombstone=Tombstone.objects.get())
    assert not default_storage.exists(f"{loser}/model.onnx")
    assert default_storage.exists(f"{model.storage_prefix}/model.onnx")


def test_an_attempt_that_lost_the_job_publishes_nothing(training_job: Job, bundle: Any) -> None:
    Job.objects.filter(pk=training_job.pk).update(fence=2)
    with pytest.raises(LeaseLost):
        offer(training_job, bundle(0.6))
    assert not TrainedModel.objects.exists()


def test_a_second_attempt_replaces_only_what_is_worse(training_job: Job, bundle: Any) -> None:
    assert offer(training_job, bundle(0.6))
    assert not offer(training_job, bundle(0.5), "2-early")
    assert offer(training_job, bundle(0.8), "3-early")
    assert get_model(training_job.token).accuracy == 0.8
    assert Tombstone.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_job_leaves_no_early_model(training_job: Job, bundle: Any) -> None:
    offer(training_job, bundle(0.6))
    lifecycle.finish_cancelled(job=training_job)
    with pytest.raises(ModelExpired):
        get_model(training_job.token)
    assert not default_storage.exists(f"jobs/{training_job.pk}/1-early/model.onnx")


def test_a_job_cancelled_while_it_waits_again_leaves_none_either(training_job: Job, bundle: Any) -> None:
    offer(training_job, bundle(0.6))
    lifecycle.requeue(job=training_job, reason="The machine is gone.", blame=False)
    training_job.refresh_from_db()
    assert cancellation.cancel(job=training_job)
    assert not TrainedModel.objects.exists()


def test_a_failed_job_keeps_its_early_model(training_job: Job, bundle: Any, client: Client) -> None:
    offer(training_job, bundle(0.6))
    lifecycle.fail(job=training_job, error="It broke.")
    assert get_model(training_job.token).accuracy == 0.6
    page = client.get(reverse("job", args=[training_job.token])).content.decode()
    assert reverse("model", args=[training_job.token]) in page


def test_there_must_be_something_to_keep(training_job: Job) -> None:
    assert not cancellation.can_keep(job=training_job)
    assert not cancellation.stop_and_keep(job=training_job)
    Epoch.objects.create(job=training_job, epoch=1)
    assert cancellation.stop_and_keep(job=training_job)
    Job.objects.filter(pk=training_job.pk).update(cancel_requested=True)
    assert not cancellation.stop_and_keep(job=training_job)


def test_the_api_stops_and_keeps(training_job: Job, client: Client) -> None:
    address = reverse("api:job-stop", args=[training_job.token])
    assert client.post(address).status_code == 409
    Epoch.objects.create(job=training_job, epoch=1)
    assert client.post(address).json()["status"] == "training"
    training_job.refresh_from_db()
    assert training_job.keep_best


@pytest.mark.django_db(transaction=True)
class TestRuns:
    """The real runner with a child of ours."""

    def run(self, job: Job, *, stop: bool = False) -> Job:
        if stop:
            threading.Thread(target=self.stop_soon, args=(job.pk,), daemon=True).start()
        assert runner.run_next()
        job.refresh_from_db()
        return job

    def stop_soon(self, pk: int) -> None:
        from django.db import connection

        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and not Job.objects.filter(pk=pk, status="training").exists():
            time.sleep(0.02)
        while time.monotonic() < deadline and not cancellation.stop_and_keep(job=Job.objects.get(pk=pk)):
            time.sleep(0.02)
        connection.close()

    def test_the_early_model_of_the_child_is_published(
        self, make_job: Any, trainer: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FAKE_TRAINER_EARLY", str(bundle(0.95)))
        trainer("")
        job = self.run(make_job())
        assert (job.status, job.accuracy) == (JobStatus.DEPLOYED, 0.95)
        messages = list(JobEvent.objects.filter(job=job).values_list("message", flat=True))
        assert any("so that one stays" in message for message in messages)

    def test_whoever_continues_a_model_has_one_already(
        self, make_job: Any, trainer: Any, bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.upload_bundle(folder=bundle(0.5), prefix="jobs/earlier/1")
        earlier = create_model(
            token="earlier", prefix="jobs/earlier/1", folder=bundle(0.5), task_name="x", downloadable=True
        )
        monkeypatch.setenv("FAKE_TRAINER_EARLY", str(bundle(0.95)))
        trainer("")
        job = self.run(make_job(continues=earlier))
        assert (job.status, job.accuracy) == (JobStatus.DEPLOYED, 0.9)

    def test_a_damaged_early_model_does_no_harm(
        self, make_job: Any, trainer: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = bundle(0.95)
        (broken / "model.onnx").write_bytes(b"")
        monkeypatch.setenv("FAKE_TRAINER_EARLY", str(broken))
        trainer("")
        job = self.run(make_job())
        assert (job.status, job.accuracy) == (JobStatus.DEPLOYED, 0.9)

    def test_stop_and_keep_ends_with_the_best_epoch(self, make_job: Any, trainer: Any) -> None:
        trainer("until told, an epoch")
        job = self.run(make_job(), stop=True)
        assert (job.status, job.keep_best, job.accuracy) == (JobStatus.DEPLOYED, True, 0.9)

    def test_without_an_epoch_the_early_model_is_kept(
        self, make_job: Any, trainer: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FAKE_TRAINER_EARLY", str(bundle(0.6)))
        trainer("until told, nothing")
        job = self.run(make_job(), stop=True)
        assert (job.status, job.accuracy) == (JobStatus.DEPLOYED, 0.6)


class TestLife:
    """Deleting and expiry of a model whose training goes on."""

    def test_it_is_not_deleted_alone(self, training_job: Job, bundle: Any, client: Client) -> None:
        offer(training_job, bundle(0.6))
        answer = client.delete(reverse("api:model", args=[training_job.token]))
        assert (answer.status_code, answer.json()["code"]) == (409, "still_training")
        page = reverse("model-delete", args=[training_job.token])
        assert reverse("job-cancel", args=[training_job.token]) in client.get(page).content.decode()
        assert client.post(page).status_code == 409
        end(training_job, bundle(0.7))
        assert client.delete(reverse("api:model", args=[training_job.token])).status_code == 204
        with pytest.raises(ModelExpired):
            get_model(training_job.token)

    def test_cancelling_takes_it_and_nothing_follows(self, training_job: Job, bundle: Any) -> None:
        offer(training_job, bundle(0.6))
        assert cancellation.cancel(job=training_job)
        lifecycle.finish_cancelled(job=training_job)
        with pytest.raises(LeaseLost):
            end(training_job, bundle(0.7))
        assert not TrainedModel.objects.exists()

    @pytest.mark.parametrize("accuracy", [0.5, 0.7])
    @pytest.mark.parametrize(("hours", "counts"), [(-1, False), (1, False), (50, True)])
    def test_a_time_set_for_it_counts_only_when_longer(
        self, training_job: Job, bundle: Any, accuracy: float, hours: int, counts: bool
    ) -> None:
        offer(training_job, bundle(0.6))
        until = timezone.now() + timedelta(hours=hours)
        TrainedModel.objects.update(expires_override=until)
        assert end(training_job, bundle(accuracy)).expires_override == (until if counts else None)

    def test_what_expired_meanwhile_is_replaced(self, training_job: Job, bundle: Any) -> None:
        offer(training_job, bundle(0.6))
        TrainedModel.objects.update(expires_override=timezone.now() - timedelta(minutes=1))
        pruning.prune()
        with pytest.raises(ModelExpired):
            get_model(training_job.token)
        training_job.refresh_from_db()
        assert end(training_job, bundle(0.5)).accuracy == 0.5
