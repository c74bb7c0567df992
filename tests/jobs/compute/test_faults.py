"""RELIABILITY's faults of machines, one by one: what the next passes do about each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.compute.errors import CapacityMissing, ComputeRefused, Throttled
from jobs.compute.fleet import Offer, Policy
from jobs.compute.reconciler import step
from tests.jobs.compute.fake_ec2 import ControllerDied, FakeEc2
from tests.jobs.compute.memory_ledger import MemoryLedger

MINUTE = timedelta(minutes=1)
OFFERS = (Offer(instance_type="g4dn.xlarge"), Offer(instance_type="g5.xlarge"))


class Fleet:
    """A ledger and a cloud; `waiting` jobs want machines, `busy` ones have a job."""

    def __init__(self, policy: Policy | None = None, *, slow: timedelta = timedelta()) -> None:
        self.policy = policy or Policy()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.waiting, self.busy = 0, set[str]()
        self.ec2 = FakeEc2(clock=lambda: self.now, slow=slow)
        self.ledger = MemoryLedger(
            adopts=not self.policy.launches,
            demand=lambda: (self.waiting, len(self.busy)),
            busy=self.busy.__contains__,
        )

    def passes(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += MINUTE
            step(self.ledger, self.ec2, self.now, self.policy)

    def refuse(self, call: str, error: type[Exception], times: int = 1) -> None:
        left = [times]

        def fault(made: str) -> None:
            if made == call and left[0]:
                left[0] -= 1
                raise error(f"{call} was refused")

        self.ec2.fault = fault

    @property
    def alerts(self) -> set[str]:
        return {kind for kind, _ in self.ledger.alerts}


def test_2_a_controller_that_dies_after_a_launch_makes_no_second_machine() -> None:
    fleet = Fleet(Policy(launches=True))
    fleet.waiting = 1

    def die(call: str) -> None:
        fleet.ec2.lose = lambda call: None
        raise ControllerDied

    fleet.ec2.lose = die
    with pytest.raises(ControllerDied):
        fleet.passes()
    fleet.passes(3)
    assert (fleet.ec2.launches, len(fleet.ec2.up())) == (1, 1)


def test_9_a_stop_that_is_refused_is_tried_again_and_told() -> None:
    fleet = Fleet()
    name = fleet.ec2.add("running")
    fleet.refuse("stop", ComputeRefused, times=2)
    for _ in range(4):
        fleet.ledger.beat(name, fleet.now)
        fleet.passes()
    assert fleet.ec2.up() == []
    assert fleet.alerts == {"stop"}


def test_9_throttling_backs_off_longer_each_time_and_is_told_in_the_end() -> None:
    fleet = Fleet()
    fleet.waiting = 1
    fleet.refuse("list", Throttled, times=100)
    pauses = []
    for _ in range(8):
        fleet.passes()
        assert fleet.ledger.health.backoff_until is not None
        pauses.append((fleet.ledger.health.backoff_until - fleet.now).total_seconds())
    for pause, most in zip(pauses, (5, 10, 20, 40, 60, 60, 60, 60), strict=True):
        assert most / 2 <= pause <= most
    assert "throttled" in fleet.alerts


def test_10_missing_capacity_tries_the_next_kind_and_tells_the_reason() -> None:
    fleet = Fleet(Policy(launches=True, offers=OFFERS))
    fleet.waiting = 1
    fleet.refuse("launch", CapacityMissing)
    fleet.passes()
    assert fleet.ledger.reason == "launch was refused"
    assert fleet.ec2.up() == []
    fleet.passes()
    assert len(fleet.ec2.up()) == 1
    assert [launch.offer for launch in fleet.ledger.launches.values()] == ["g5.xlarge@"]
    fleet.passes()
    assert fleet.ledger.reason == "", "there is nothing to tell any more"


def test_12_a_job_that_comes_while_its_server_stops_starts_it_again() -> None:
    fleet = Fleet(slow=timedelta(minutes=2))
    name = fleet.ec2.add("running")
    fleet.ledger.beat(name, fleet.now)
    fleet.passes()
    fleet.ledger.beat(name, fleet.now)
    fleet.passes()
    assert fleet.ec2.machines[name].state == "stopping"
    fleet.ec2.machines[name].next_at = fleet.now + timedelta(seconds=90)
    fleet.waiting = 1
    fleet.passes()
    assert "still stopping" in fleet.ledger.reason
    fleet.passes()
    assert fleet.ec2.up() == [name]


def test_13_a_machine_that_never_reports_is_stopped_and_the_third_in_a_row_pauses_the_starts() -> None:
    fleet = Fleet(Policy(launches=True))
    fleet.waiting = 1
    fleet.passes(25)
    assert fleet.ec2.launches == 3
    assert fleet.ec2.up() == []
    assert "3 times in a row" in fleet.ledger.reason
    assert "boot" in fleet.alerts
    for _ in range(30):
        fleet.passes()
        if fleet.ec2.launches == 4:
            break
    (name,) = fleet.ec2.up()
    fleet.ledger.beat(name, fleet.now)
    fleet.busy.add(name)
    fleet.waiting = 0
    fleet.passes()
    health = fleet.ledger.health
    assert (health.boot_failures, health.breaker_until) == (0, None), "one that works ends it"


def test_a_machine_past_the_hard_cap_goes_although_it_works() -> None:
    fleet = Fleet(Policy(hard_cap=timedelta(hours=2)))
    name = fleet.ec2.add("running")
    fleet.busy.add(name)
    fleet.passes(119)
    assert fleet.ec2.up() == [name]
    fleet.passes(2)
    assert fleet.ec2.up() == []


def test_a_worker_that_falls_silent_past_the_grace_is_given_less_time() -> None:
    """One whose machine has just had work gets the whole silence."""
    for idle, patience in ((timedelta(), 4), (timedelta(minutes=7), 2)):
        fleet = Fleet()
        name = fleet.ec2.add("running")
        fleet.waiting = 1
        fleet.ledger.beat(name, fleet.now + timedelta(seconds=1))
        fleet.ledger.worked(name, fleet.now + timedelta(seconds=1) - idle)
        fleet.ec2.machines[name].launched -= timedelta(hours=1)
        fleet.policy = replace(fleet.policy, idle_grace=timedelta(minutes=5))
        fleet.passes(patience - 1)
        assert fleet.ec2.up() == [name], idle
        fleet.passes()
        assert fleet.ec2.up() == [], idle
