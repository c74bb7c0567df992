"""Pruning looks at the clock first: one that jumped deletes nothing."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from modelstore.lifetime import clock
from modelstore.lifetime.clock import Reading, judge
from modelstore.lifetime.pruning import prune
from modelstore.models import PruneState, TrainedModel
from tests.modelstore.conftest import Publish

HOUR = timedelta(hours=1)


def reading(uptime: float, jump: float = 0, *, boot: str = "boot", apart: float = 0) -> Reading:
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + uptime + jump
    return Reading(boot, uptime, now, now - apart)


def test_a_clock_that_runs_evenly_is_believed() -> None:
    state = PruneState()
    assert [judge(state, reading(seconds)) for seconds in (0, 60, 7200, 90_000)] == [""] * 4


def test_a_clock_put_forward_is_not_believed_until_it_is_right_or_stays_so_for_long() -> None:
    state = PruneState()
    judge(state, reading(0))
    assert "put forward by 10800 s" in judge(state, reading(60, 10_800))
    assert judge(state, reading(120, 10_800))
    assert judge(state, reading(180)) == ""
    assert judge(state, reading(240, 10_800))
    assert judge(state, reading(240 + clock.SETTLED_AFTER, 10_800)) == ""
    assert judge(state, reading(300 + clock.SETTLED_AFTER, 10_800)) == ""


def test_a_clock_put_back_is_harmless_and_a_reboot_starts_anew() -> None:
    state = PruneState()
    judge(state, reading(0))
    assert judge(state, reading(60, -10_800)) == ""
    assert judge(state, reading(5, 10_800, boot="next")) == ""


def test_two_clocks_that_differ_are_not_believed() -> None:
    assert "3600 s apart" in judge(PruneState(), reading(0, apart=-3600))


def test_a_jump_of_three_hours_prunes_nothing_and_raises_an_alert(
    publish: Publish, monkeypatch, caplog
) -> None:
    publish()
    assert not prune().refused
    later = timezone.now() + 3 * HOUR
    real = clock.read
    monkeypatch.setattr(clock, "database_time", lambda: later)
    monkeypatch.setattr(
        clock,
        "read",
        lambda now: Reading(real(now).boot_id, real(now).uptime, now.timestamp(), now.timestamp()),
    )
    for _ in range(2):
        result = prune()
        assert "put forward" in result.refused
        assert TrainedModel.objects.exists()
    assert "ERROR" in {record.levelname for record in caplog.records}
    assert "put forward" in PruneState.objects.get().last_alert
    assert len(prune(everything=True).pruned) == 1


def test_the_database_tells_the_time(db: None) -> None:
    assert abs(clock.database_time() - timezone.now()) < timedelta(seconds=5)
