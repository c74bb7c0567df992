"""RELIABILITY's faults of machines, one by one: what the next passes do about each.

Each is tried on the ledger in memory and on the one in the database, so that the schedules' fake is as the real one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from jobs.compute.errors import CapacityMissing, ComputeRefused, Throttled
from jobs.compute.fleet import Health, Offer, Policy
from tests.jobs.compute.fake_ec2 import ControllerDied
from tests.jobs.compute.installation import Fleet, InMemory, InRows

MINUTE = timedelta(minutes=1)
OFFERS = (Offer(instance_type="g4dn.xlarge"), Offer(instance_type="g5.xlarge"))


MakeFleet = Callable[..., Fleet]


@pytest.fixture(params=["memory", pytest.param("database", marks=pytest.mark.django_db)])
def make_fleet(request: pytest.FixtureRequest) -> MakeFleet:
    make_job: Any = request.getfixturevalue("make_job") if request.param == "database" else None

    def make(policy: Policy | None = None, *, slow: timedelta = timedelta()) -> Fleet:
        policy = policy or Policy()
        adopts = not policy.launches
        rows = InRows(make_job, adopts=adopts) if make_job else InMemory(adopts=adopts)
        return Fleet(rows, policy, slow=slow)

    return make


def test_2_a_controller_that_dies_after_a_launch_makes_no_second_machine(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Policy(launches=True))
    fleet.want(1)

    def die(call: str) -> None:
        fleet.ec2.lose = lambda call: None
        raise ControllerDied

    fleet.ec2.lose = die
    with pytest.raises(ControllerDied):
        fleet.passes()
    fleet.passes(3)
    assert (fleet.ec2.launches, len(fleet.ec2.up())) == (1, 1)


def test_9_a_stop_that_is_refused_is_tried_again_and_told(make_fleet: MakeFleet) -> None:
    fleet = make_fleet()
    name = fleet.ec2.add("running")
    fleet.refuse("stop", ComputeRefused, times=2)
    for _ in range(4):
        fleet.beat(name)
        fleet.passes()
    assert fleet.ec2.up() == []
    assert fleet.alerts.keys() == {"stop"}


def test_9_throttling_backs_off_longer_each_time_and_is_told_in_the_end(make_fleet: MakeFleet) -> None:
    fleet = make_fleet()
    fleet.want(1)
    fleet.refuse("list", Throttled, times=100)
    pauses = []
    for _ in range(8):
        fleet.passes()
        assert fleet.health.backoff_until is not None
        pauses.append((fleet.health.backoff_until - fleet.now).total_seconds())
    bases = (5, 10, 20, 40, 60, 60, 60, 60)
    for pause, most in zip(pauses, bases, strict=True):
        assert most / 2 <= pause <= most
    shares = {pause / most for pause, most in zip(pauses, bases, strict=True)}
    assert len(shares) > 1, "without jitter all controllers would come back together"
    assert fleet.alerts == {"throttled": "list was refused"}


@pytest.mark.parametrize("call", ["list", "launch"])
def test_9_during_a_back_off_nothing_is_asked_and_a_waiting_job_is_told_why(
    make_fleet: MakeFleet, call: str
) -> None:
    fleet = make_fleet(Policy(launches=True))
    fleet.want(1)
    asked: list[str] = []

    def refuse(made: str) -> None:
        asked.append(made)
        if made == call:
            raise Throttled("AWS has had enough of us")

    fleet.ec2.fault = refuse
    fleet.passes()
    assert fleet.reason == "AWS has had enough of us"
    before = list(asked)
    fleet.passes(period=timedelta(seconds=1))
    assert asked == before
    assert fleet.reason == "AWS has had enough of us"
    fleet.ec2.fault = asked.append
    fleet.passes(2)
    assert (fleet.reason, len(fleet.ec2.up())) == ("", 1)


def test_9_a_throttled_call_does_not_undo_what_the_calls_before_it_taught(make_fleet: MakeFleet) -> None:
    """A machine that never reported was stopped, then EC2 refused the next call."""
    fleet = make_fleet(Policy(pool=2))
    for _ in range(2):
        fleet.ec2.add("running")
    fleet.want(2)
    fleet.passes(5)
    left = [1]

    def refuse(made: str) -> None:
        left[0] -= made == "stop"
        if left[0] < 0:
            raise Throttled(made)

    fleet.ec2.fault = refuse
    fleet.passes()
    assert len(fleet.ec2.up()) == 1
    assert (fleet.health.boot_failures, fleet.health.backoff_until is None) == (1, False)


def test_10_missing_capacity_tries_the_next_kind_and_tells_the_reason(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Policy(launches=True, offers=OFFERS))
    fleet.want(1)
    fleet.refuse("launch", CapacityMissing)
    fleet.passes()
    assert fleet.reason == "launch was refused"
    assert fleet.ec2.up() == []
    fleet.passes()
    assert len(fleet.ec2.up()) == 1
    assert [launch.offer for launch in fleet.open_launches] == ["g5.xlarge@"]
    fleet.passes()
    assert fleet.reason == "", "there is nothing to tell any more"


def test_12_a_job_that_comes_while_its_server_stops_starts_it_again(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(slow=timedelta(minutes=2))
    name = fleet.ec2.add("running")
    fleet.beat(name)
    fleet.passes()
    fleet.beat(name)
    fleet.passes()
    assert fleet.ec2.machines[name].state == "stopping"
    fleet.ec2.machines[name].next_at = fleet.now + timedelta(seconds=90)
    fleet.want(1)
    fleet.passes()
    assert "still stopping" in fleet.reason
    fleet.passes()
    assert fleet.ec2.up() == [name]


def test_13_what_never_reports_is_stopped_and_the_third_in_a_row_pauses_the_starts(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(Policy(launches=True))
    fleet.want(1)
    fleet.passes(25)
    assert fleet.ec2.launches == 3
    assert fleet.ec2.up() == []
    assert "3 times in a row" in fleet.reason
    assert "number 3 in a row: the next try is at" in fleet.alerts["boot"]
    for _ in range(31):
        fleet.passes()
        if fleet.ec2.launches == 4:
            break
    (name,) = fleet.ec2.up()
    fleet.beat(name)
    fleet.work(name)
    fleet.want(0)
    fleet.passes()
    health = fleet.health
    assert (health.boot_failures, health.breaker_until) == (0, None), "one that works ends it"


def test_13_what_never_comes_up_is_tried_ever_more_rarely_and_the_operator_reads_what_to_do(
    make_fleet: MakeFleet,
) -> None:
    """As a machine does that installs Flash at its first boot and takes longer for it than the boot grace."""
    fleet = make_fleet(Policy(launches=True))
    fleet.want(1)
    fleet.passes(21)
    pauses = []
    for tries in range(4, 9):
        again = fleet.health.breaker_until
        assert again is not None
        pauses.append(round((again - fleet.now) / MINUTE))
        fleet.now = again
        fleet.passes(7)
        assert (fleet.ec2.launches, fleet.ec2.up()) == (tries, [])
    assert pauses == [30, 60, 120, 240, 240]
    told = fleet.alerts["boot"]
    for words in (
        "has not reported within 5 minutes",
        "FLASH_BOOT_GRACE_SECONDS",
        "prepare an image",
        "in a row",
    ):
        assert words in told
    fleet.passes()
    assert "8 times in a row; the next try is at" in fleet.reason
    # Whoever mends it need not wait.
    fleet.rows.ledger.save_health(Health(), 0)
    fleet.passes()
    assert len(fleet.ec2.up()) == 1


def test_without_the_database_nothing_is_asked_started_or_stopped(
    make_fleet: MakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = make_fleet()
    fleet.ec2.add("running")
    asked: list[str] = []
    fleet.ec2.fault = asked.append

    def refuse(now: datetime) -> None:
        raise OperationalError

    monkeypatch.setattr(fleet.rows.ledger, "snapshot", refuse)
    with pytest.raises(OperationalError):
        fleet.passes()
    assert asked == []


def test_a_machine_past_the_hard_cap_goes_although_it_works(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Policy(hard_cap=timedelta(hours=2)))
    name = fleet.ec2.add("running")
    fleet.work(name)
    fleet.passes(7, period=17 * MINUTE)
    assert fleet.ec2.up() == [name]
    fleet.passes(2)
    assert fleet.ec2.up() == []


@pytest.mark.parametrize(
    ("idle", "patience"), [(timedelta(), 4), (timedelta(minutes=7), 2)], ids=["had work", "idle"]
)
def test_a_worker_that_falls_silent_past_the_grace_is_given_less_time(
    make_fleet: MakeFleet, idle: timedelta, patience: int
) -> None:
    """One whose machine has just had work gets the whole silence."""
    fleet = make_fleet(Policy(idle_grace=timedelta(minutes=5)))
    name = fleet.ec2.add("running")
    fleet.want(1)
    last = fleet.now + timedelta(seconds=1)
    fleet.rows.beat(name, last)
    fleet.rows.worked(name, last - idle)
    fleet.ec2.machines[name].launched -= timedelta(hours=1)
    fleet.passes(patience - 1)
    assert fleet.ec2.up() == [name]
    fleet.passes()
    assert fleet.ec2.up() == []
