"""Pruning: what is expired goes, rows and files, and nothing else, whatever happens meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelstore.access import ModelExpired, get_model
from modelstore.ground.errors import FlashError
from modelstore.lifetime import pruning
from modelstore.lifetime.pruning import models_to_prune, prune
from modelstore.models import CleanupPolicy, PruneState, RetiredToken, Tombstone, TrainedModel
from modelstore.prediction import predictor
from tests.modelstore.conftest import Publish
from tests.modelstore.test_models import row

HOUR = timedelta(hours=1)


def tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def old(hours: float = 3) -> datetime:
    return timezone.now() - hours * HOUR


def test_expired_models_go_with_row_and_files(any_storage: str, publish: Publish) -> None:
    gone, stays = publish(created=old()), publish()
    result = prune()
    assert [entry.id for entry in result.pruned] == [gone.pk]
    assert (result.freed_bytes, result.files_left, result.held_back) == (gone.size_bytes, 0, 0)
    assert list(TrainedModel.objects.all()) == [stays]
    assert default_storage.listdir("jobs/2/1")[1]
    assert not default_storage.exists("jobs/1/1/model.onnx")
    with pytest.raises(ModelExpired):
        get_model(gone.token)


@given(
    ages=st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=5),
    active=st.booleans(),
    minutes=st.integers(1, 300),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_else_is_deleted(
    db: None, settings: Any, ages: list[tuple[int, bool]], active: bool, minutes: int
) -> None:
    TrainedModel.objects.all().delete()
    root, now = Path(settings.MEDIA_ROOT), timezone.now()
    for key in ("datasets/1/data.zip", "jobs/1/note.txt", "jobs/77/1/model.onnx", "other"):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_text("somebody else's")
    for number, (age, pinned) in enumerate(ages):
        row(storage_prefix=f"jobs/{number}/{age}", created=now - timedelta(minutes=age), pinned=pinned).save()
        for name in ("model.onnx", "model.json"):
            default_storage.save(f"jobs/{number}/{age}/{name}", ContentFile(b"x"))
    CleanupPolicy(pk=1, active=active, retention=timedelta(minutes=minutes)).save()
    expired = {
        f"jobs/{number}/{age}"
        for number, (age, pinned) in enumerate(ages)
        if active and not pinned and age >= minutes
    }
    before = tree(root)
    prune(now=now)
    assert tree(root) == {key for key in before if key.rpartition("/")[0] not in expired}
    assert TrainedModel.objects.count() == len(ages) - len(expired)


def test_a_dry_run_tells_and_deletes_nothing(publish: Publish, settings: Any) -> None:
    gone = publish(created=old())
    publish()
    before = tree(settings.MEDIA_ROOT)
    result = prune(dry_run=True)
    assert ([entry.id for entry in result.pruned], result.held_back) == ([gone.pk], 0)
    assert tree(settings.MEDIA_ROOT) == before
    assert TrainedModel.objects.count() == 2
    assert not RetiredToken.objects.exists()


def test_pinned_models_and_an_inactive_policy_keep_everything(publish: Publish) -> None:
    publish(created=old(999), pinned=True)
    assert not prune().pruned
    publish(created=old(999))
    CleanupPolicy(pk=1, active=False).save()
    assert not prune().pruned
    TrainedModel.objects.filter(pinned=False).update(expires_override=old(1))
    assert len(prune().pruned) == 1


def test_the_policy_is_a_pure_function_of_models_and_time() -> None:
    now = timezone.now()
    models = [row(created=now - hours * HOUR) for hours in (0, 1, 2, 3)]
    assert models_to_prune(models, CleanupPolicy(retention=2 * HOUR), now) == models[2:]


def test_a_storage_that_fails_leaves_a_tombstone_for_the_next_run(
    any_storage: str, publish: Publish, monkeypatch
) -> None:
    model = publish(created=old())
    backend = type(default_storage._wrapped)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "delete", lambda *_: (_ for _ in ()).throw(OSError("slow down")))
        result = prune()
    assert (len(result.pruned), result.files_left) == (1, 1)
    assert Tombstone.objects.get().last_error == "slow down"
    with pytest.raises(ModelExpired):
        get_model(model.token)
    again = prune()
    assert (len(again.pruned), again.files_left) == (0, 0)
    assert not default_storage.exists("jobs/1/1/model.onnx")


def test_a_run_that_died_between_row_and_files_is_finished_by_the_next(publish: Publish, monkeypatch) -> None:
    publish(created=old())
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_bury_all", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prune()
    assert default_storage.exists("jobs/1/1/model.onnx")
    assert prune().files_left == 0
    assert not default_storage.exists("jobs/1/1/model.onnx")


def test_more_than_the_cap_waits_for_the_next_run(publish: Publish, monkeypatch) -> None:
    monkeypatch.setattr(pruning, "MAX_PER_RUN", 2)
    rows = [publish("text", created=old(hours)) for hours in (3, 5, 4)]
    assert prune(dry_run=True).held_back == 1
    first = prune()
    assert ({entry.id for entry in first.pruned}, first.held_back) == ({rows[1].pk, rows[2].pk}, 1)
    assert [entry.id for entry in prune().pruned] == [rows[0].pk]


def test_everything_goes_beyond_the_cap_when_asked(publish: Publish, monkeypatch) -> None:
    monkeypatch.setattr(pruning, "MAX_PER_RUN", 1)
    for _ in range(3):
        publish("text", created=old())
    assert len(prune(everything=True).pruned) == 3


def test_a_model_pinned_since_it_was_listed_stays(publish: Publish, monkeypatch) -> None:
    publish(created=old())

    def pin_meanwhile(models: Any, *args: Any) -> Any:
        found = models_to_prune(models, *args)
        TrainedModel.objects.update(pinned=True)
        return found

    monkeypatch.setattr(pruning, "models_to_prune", pin_meanwhile)
    assert not prune().pruned
    assert default_storage.exists("jobs/1/1/model.onnx")


def test_only_one_run_is_at_work_and_a_killed_one_is_waited_out(publish: Publish) -> None:
    publish(created=old())
    now = timezone.now()
    PruneState(pk=1, locked_until=now + timedelta(minutes=5), lock_owner="other").save()
    assert prune(now=now).refused == "another run is in progress"
    assert TrainedModel.objects.exists()
    assert not prune(now=now + timedelta(minutes=5)).refused
    assert PruneState.objects.get().locked_until is None


def test_a_lock_from_before_the_clock_was_put_back_holds_nobody(publish: Publish) -> None:
    publish(created=old())
    PruneState(pk=1, locked_until=timezone.now() + 3 * HOUR, lock_owner="other").save()
    assert len(prune().pruned) == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_delete_each_model_once(publish: Publish, monkeypatch) -> None:
    count = 6
    for _ in range(count):
        publish("text", created=old())
    # Without the lock, too: it saves work, the conditions on the rows are what makes it safe.
    monkeypatch.setattr(pruning, "_lock", _no_lock)
    together = threading.Barrier(3, timeout=20)

    def run() -> int:
        try:
            together.wait()
            return len(prune(now=timezone.now()).pruned)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        done = [future.result(30) for future in [pool.submit(run) for _ in range(3)]]
    assert sum(done) == count
    assert RetiredToken.objects.count() == count
    assert not TrainedModel.objects.exists()
    assert not Tombstone.objects.exists()


class _no_lock:
    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *_: Any) -> None: ...


@pytest.mark.django_db(transaction=True)
def test_predictions_and_pruning_at_once_end_in_an_answer_or_in_410(publish: Publish) -> None:
    tokens = [publish("text", expires_override=timezone.now() + HOUR).token for _ in range(6)]
    together = threading.Barrier(2, timeout=20)

    def ask() -> list[int]:
        together.wait()
        seen = []
        try:
            for token in tokens * 3:
                predictor.loaded.cache_clear()
                try:
                    predictor.predict(model=get_model(token), inputs=["great"])
                    seen.append(200)
                except FlashError as error:
                    seen.append(error.status)
        finally:
            connection.close()
        return seen

    def sweep() -> None:
        together.wait()
        try:
            for _ in range(3):
                prune(now=timezone.now() + 2 * HOUR)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        asking, sweeping = pool.submit(ask), pool.submit(sweep)
        seen = asking.result(30)
        sweeping.result(30)
    assert set(seen) <= {200, 410}
    for token in tokens:
        with pytest.raises(ModelExpired):
            get_model(token)


def test_pruning_many_costs_few_queries_each(db: None, django_assert_max_num_queries) -> None:
    for number in range(20):
        row(storage_prefix=f"jobs/{number}/1", created=old()).save()
    # Two of them look for versions and for examples that must pass.
    with django_assert_max_num_queries(21 * 20):
        assert len(prune().pruned) == 20


def test_the_result_names_no_token(publish: Publish) -> None:
    model = publish(created=old())
    told = prune().to_json()
    assert model.token not in str(told)
    assert told["pruned"][0]["task_name"] == model.task_name
