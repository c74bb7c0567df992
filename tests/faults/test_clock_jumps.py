"""A clock that jumps deletes nothing by its age, whatever the kind, and an operator is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.models import Alert, BatchPrediction, Dataset, UploadSession
from jobs.upkeep.sweep import sweep
from modelstore.lifetime import clock, deletion_guard
from modelstore.lifetime.clock import Reading
from modelstore.models import PruneState
from tests.jobs.conftest import make_dataset

__all__ = ["make_dataset"]
pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=30)


def upload_session(**values: Any) -> UploadSession:
    name = f"session{UploadSession.objects.count()}"
    return UploadSession.objects.create(
        token_digest=name, task_type="textclassification", name="a.csv", size_bytes=1, method="offset",
        key=name, part_bytes=1, **values,
    )  # fmt: skip


@pytest.fixture
def put_forward(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the clock of this machine and of its database; the one that counts from the boot goes on."""
    time, read, now = clock.database_time, clock.read, timezone.now

    def put(jump: timedelta) -> None:
        def reading(moment: Any) -> Reading:
            true = read(moment)
            return Reading(true.boot_id, true.uptime, moment.timestamp(), moment.timestamp())

        monkeypatch.setattr(clock, "database_time", lambda: time() + jump)
        monkeypatch.setattr(clock, "read", reading)
        monkeypatch.setattr(timezone, "now", lambda: now() + jump)

    return put


def test_nothing_is_forgotten_while_the_clock_is_wrong(
    make_dataset: Callable[..., Dataset], put_forward: Callable[[timedelta], None]
) -> None:
    dataset, session = make_dataset(), upload_session()
    stray = default_storage.save("datasets/20200101/stray", ContentFile(b"x"))
    sweep()
    put_forward(HOURS)
    for _ in range(3):
        found = sweep(thorough=True)
        assert (found.datasets_forgotten, found.uploads_forgotten, found.files_removed) == (0, 0, 0)
        with pytest.raises(CommandError, match="put forward"):
            call_command("sweep_storage")
    assert list(Dataset.objects.all()) == [dataset]
    assert list(UploadSession.objects.all()) == [session]
    assert default_storage.exists(dataset.file.name) and default_storage.exists(stray)
    assert not BatchPrediction.objects.exists()
    alert = Alert.objects.get(kind="clock")
    assert "put forward by 108000 s" in alert.message and alert.count == 3

    put_forward(timedelta())
    assert sweep().datasets_forgotten == 0
    assert "clock" in {row.kind for row in Alert.objects.all()}, "it stays until somebody has seen it"


def test_a_clock_that_is_right_again_lets_what_is_due_go(
    make_dataset: Callable[..., Dataset], put_forward: Callable[[timedelta], None]
) -> None:
    make_dataset(created=timezone.now() - HOURS)
    young = make_dataset()
    sweep(thorough=False, now=timezone.now() - HOURS)
    deletion_guard.allowance()
    put_forward(HOURS)
    assert sweep().datasets_forgotten == 0
    put_forward(timedelta())
    assert sweep().datasets_forgotten == 1
    assert list(Dataset.objects.all()) == [young]


def test_two_clocks_that_differ_delete_nothing(
    make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dataset(created=timezone.now() - HOURS)
    later = timezone.now() + HOURS
    monkeypatch.setattr(clock, "database_time", lambda: later)
    assert sweep().datasets_forgotten == 0
    assert "apart" in Alert.objects.get(kind="clock").message


def test_a_wrong_setting_costs_no_more_than_the_cap_in_ten_minutes(
    make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_guard, "MOST", 5)
    for _ in range(4):
        make_dataset(created=timezone.now() - HOURS)
    for _ in range(4):
        upload_session(touched=timezone.now() - HOURS)
    first = sweep()
    assert first.datasets_forgotten + first.uploads_forgotten == 5
    assert "3 more uploads, datasets or batches" in Alert.objects.get(kind="many_deletions").message
    assert Dataset.objects.count() + UploadSession.objects.count() == 3
    second = sweep()
    assert second.datasets_forgotten + second.uploads_forgotten == 0
    state = PruneState.objects.get()
    PruneState.objects.update(window_began=state.window_began - deletion_guard.WINDOW)
    third = sweep()
    assert third.datasets_forgotten + third.uploads_forgotten == 3
