"""Deaths, cancels, repeats and expiry: a batch reaches an end, once, and leaves nothing behind."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from jobs import actors
from jobs.batches import lifecycle, runner, submission
from jobs.batches import sweep as batch_sweep
from jobs.batches.child.order import RESULTS_FILE
from jobs.batches.options import BatchOptions
from jobs.errors import LeaseLost
from jobs.models import BatchPrediction
from jobs.upkeep import sweep
from jobs.upkeep.storage_sweep import sweep_storage
from jobs.worker.child import Child
from jobs.worker.stop_request import STOPPING
from modelstore.bundles import store
from modelstore.lifetime.deletion_guard import Allowance
from tests.jobs.batches.conftest import colours, many, stored

pytestmark = pytest.mark.django_db
Submit = Callable[..., BatchPrediction]


def results(batch: BatchPrediction) -> list[dict[str, Any]]:
    with default_storage.open(f"{batch.results_prefix}/results.jsonl") as file:
        return [json.loads(line) for line in file.read().decode().splitlines()]


def die(batch: BatchPrediction, said: list[dict[str, Any]], rest: str = "") -> None:
    """A worker claims the batch, gets so far, and dies without a word."""
    claimed = lifecycle.claim(only=batch.pk)
    assert claimed is not None
    folder = runner.run_folder(claimed)
    folder.mkdir(parents=True)
    (folder / RESULTS_FILE).write_text("".join(json.dumps(line) + "\n" for line in said) + rest)
    BatchPrediction.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_another_attempt_goes_on_where_a_dead_one_stopped(submit: Submit) -> None:
    batch = submit(colours(5))
    before = [
        {"file": "000.png", "label": "red", "probability": 0.123, "top": []},
        {"file": "001.png", "error": "x"},
    ]
    die(batch, before, rest='{"file": "002.p')
    assert sweep.sweep(thorough=False).batches_requeued == 1
    assert runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.attempt, batch.done, batch.bad) == ("done", 2, 5, 1)
    assert results(batch)[:2] == before
    assert [row["file"] for row in results(batch)] == [f"{n:03}.png" for n in range(5)]


def test_it_fails_with_a_reason_after_too_many_deaths(submit: Submit, settings: Any) -> None:
    batch = submit(colours())
    for _ in range(settings.FLASH_MAX_ATTEMPTS):
        die(batch, [])
        batch_sweep.requeue_lost(timezone.now())
    batch.refresh_from_db()
    assert batch.status == "failed"
    assert "stopped each time" in batch.error


def test_a_child_that_is_killed_is_tried_again(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = submit(colours())
    made = Child.__init__

    def make(self: Child, *arguments: Any) -> None:
        made(self, *arguments)
        os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(Child, "__init__", make)
    assert runner.run_next()
    monkeypatch.undo()
    batch.refresh_from_db()
    assert (batch.status, batch.attempt) == ("queued", 1)
    assert runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.done) == ("done", 3)


def test_a_stale_worker_changes_nothing(submit: Submit) -> None:
    batch = submit(colours())
    stale = lifecycle.claim()
    assert stale is not None
    BatchPrediction.objects.filter(pk=batch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    batch_sweep.requeue_lost(timezone.now())
    fresh = lifecycle.claim()
    assert fresh is not None
    for write in (
        lambda: lifecycle.record(batch=stale, done=1, total=3),
        lambda: lifecycle.record_first(batch=stale, results=[]),
        lambda: lifecycle.fail(batch=stale, error="no"),
        lambda: lifecycle.publish(
            batch=stale, prefix="x", summary={"done": 1, "bad": 0, "counts": {}, "summary": {}}
        ),
    ):
        with pytest.raises(LeaseLost):
            write()
    fresh.refresh_from_db()
    assert (fresh.status, fresh.done, bool(fresh.file)) == ("running", 0, True)
    assert lifecycle.claim() is None


def test_a_waiting_one_is_cancelled_at_once_with_its_upload(
    submit: Submit, django_capture_on_commit_callbacks: Any
) -> None:
    batch = submit(colours())
    key = batch.file.name
    with django_capture_on_commit_callbacks(execute=True):
        assert lifecycle.cancel(batch=batch)
    batch.refresh_from_db()
    assert (batch.status, default_storage.exists(key)) == ("cancelled", False)
    assert not lifecycle.cancel(batch=batch)
    assert not runner.run_next()


@pytest.mark.django_db(transaction=True)
def test_a_running_one_is_cancelled(submit: Submit, settings: Any, tmp_path: Path) -> None:
    batch = submit(many())
    key = batch.file.name

    def cancel() -> None:
        from django.db import connection

        while not BatchPrediction.objects.filter(pk=batch.pk, done__gt=0).exists():
            time.sleep(0.02)
        lifecycle.cancel(batch=batch)
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert runner.run_next()
    thread.join()
    batch.refresh_from_db()
    assert batch.status == "cancelled"
    assert 0 < batch.done < 5000
    assert not default_storage.exists(key)
    assert not runner.run_folder(batch).parent.exists()


def test_one_cancelled_in_its_last_moment_publishes_nothing(
    submit: Submit, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered holds: results that are being stored when their owner cancels are nobody's."""
    batch = submit(colours())
    assert batch.model is not None
    address = f"/api/v1/models/{batch.model.token}/batches/{batch.token}/"
    real, answers = runner.files.put, []

    def put(source: Path, key: str) -> None:
        real(source, key)
        if not answers:
            answers.append(client.post(f"{address}cancel/"))

    monkeypatch.setattr(runner.files, "put", put)
    assert runner.run_next()
    assert (answers[0].status_code, answers[0].json()["status"]) == (200, "running")
    told = client.get(address).json()
    assert (told["status"], batch.results_prefix) == ("cancelled", "")
    assert client.get(f"{address}results/").status_code == 409
    assert not default_storage.exists(f"batches/{batch.pk}/1/results.csv")


def test_a_cancel_that_comes_too_late_says_so(finish: Submit, client: Client) -> None:
    batch = finish(colours())
    assert batch.model is not None
    answer = client.post(f"/api/v1/models/{batch.model.token}/batches/{batch.token}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (200, "done")


def test_one_that_was_cancelled_does_not_fail_at_the_same_moment(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = submit(colours())

    def upload(batch: BatchPrediction, folder: Path) -> Path:
        lifecycle.cancel(batch=BatchPrediction.objects.get(pk=batch.pk))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runner, "_upload", upload)
    assert runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == ("cancelled", "")


def test_one_that_was_cancelled_is_not_tried_again(submit: Submit) -> None:
    submit(colours())
    batch = lifecycle.claim()
    assert batch is not None
    assert lifecycle.cancel(batch=batch)
    lifecycle.requeue(batch=batch, reason="It crashed.", blame=True)
    batch.refresh_from_db()
    assert batch.status == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_gives_it_back_without_blame(submit: Submit) -> None:
    batch = submit(many())

    def stop() -> None:
        from django.db import connection

        while not BatchPrediction.objects.filter(pk=batch.pk, done__gt=0).exists():
            time.sleep(0.02)
        STOPPING.set()
        connection.close()

    thread = threading.Thread(target=stop)
    thread.start()
    assert runner.run_next()
    thread.join()
    STOPPING.clear()
    batch.refresh_from_db()
    assert (batch.status, batch.attempt) == ("queued", 0)
    kept = (runner.run_folder(batch) / RESULTS_FILE).read_text().splitlines()
    assert 0 < len(kept) < 5000
    assert [json.loads(line)["file"] for line in kept] == [f"{n:04}.jpg" for n in range(len(kept))]


def test_it_goes_with_its_model(
    finish: Submit, submit: Submit, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        done = finish(colours())
    waiting = submit(colours(), model=done.model)
    assert len(stored(tmp_path / "media")) == 5
    assert done.model is not None
    store.retire(model=done.model)
    assert batch_sweep.forget(Allowance(now=timezone.now())) == 2
    assert not BatchPrediction.objects.filter(pk__in=[done.pk, waiting.pk]).exists()
    assert stored(tmp_path / "media") == []


def test_results_are_kept_for_a_while_only(finish: Submit, settings: Any) -> None:
    batch = finish(colours())
    assert batch_sweep.forget(Allowance(now=timezone.now())) == 0
    later = timezone.now() + settings.FLASH_BATCH_RETENTION + timedelta(seconds=1)
    assert batch_sweep.forget(Allowance(now=later)) == 1
    assert not default_storage.exists(f"{batch.results_prefix}/results.csv")


def test_files_without_a_row_are_swept_after_a_while(finish: Submit, submit: Submit) -> None:
    done, waiting = finish(colours()), submit(colours())
    stale = f"batches/{waiting.pk + 1}/1/results.csv"
    default_storage.save(stale, ContentFile(b"of a stale worker"))
    default_storage.save("batch-uploads/20260101/lost", ContentFile(b"of a dead web"))
    assert sweep_storage(now=timezone.now()).files == []
    sweep_storage(now=timezone.now() + timedelta(hours=2))
    assert not default_storage.exists(stale)
    assert not default_storage.exists("batch-uploads/20260101/lost")
    assert default_storage.exists(f"{done.results_prefix}/results.csv")
    assert default_storage.exists(str(waiting.file.name))


def test_a_repeated_request_is_the_same_batch(make_model: Callable[..., Any]) -> None:
    model = make_model()

    def send(content: bytes) -> BatchPrediction:
        return submission.submit(
            model=model,
            upload=ContentFile(content, name="a.zip"),
            options=BatchOptions(),
            idempotency_key="once",
        )

    first = send(colours(2))
    assert send(colours(2)).pk == first.pk
    assert send(colours(3)).pk != first.pk


def test_a_message_runs_it_and_two_at_once_do_not(submit: Submit, broker: Any) -> None:
    batch = submit(colours())
    with runner._ONE_AT_A_TIME:
        assert not runner.run_next()
    actors.predict_next.fn()
    batch.refresh_from_db()
    assert batch.status == "done"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"status": "odd"}, "batch_status_known"),
        ({"progress": 2}, "batch_progress_is_a_share"),
        ({"status": "running", "lease_until": None}, "batch_running_has_a_lease"),
        ({"status": "failed", "error": ""}, "batch_failed_says_why"),
        ({"status": "done", "results_prefix": ""}, "batch_done_has_results"),
    ],
)
def test_the_database_refuses_nonsense(submit: Submit, values: dict[str, Any], name: str) -> None:
    batch = submit(colours())
    with pytest.raises(IntegrityError, match=name):
        BatchPrediction.objects.filter(pk=batch.pk).update(**values)
