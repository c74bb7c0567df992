"""One contract for the strict fake and for the real driver: the same assertions on both.

The real one speaks HTTP to moto in server mode. What moto does not model is tried on the fake alone, at the end, with
the reason beside it; the sources are the EC2 API reference and its pages on the life cycle of an instance.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from jobs.compute.ec2_driver import current_cloud
from jobs.compute.errors import CapacityMissing, InstanceMissing, WrongState
from jobs.compute.fleet import Instance, Offer
from jobs.compute.reconciler import Cloud
from tests.jobs.compute.conftest import IMAGE
from tests.jobs.compute.fake_ec2 import FakeEc2

START = datetime(2026, 1, 1, tzinfo=UTC)


class Account(Protocol):
    """A cloud, and how a tagged instance comes to be in it."""

    cloud: Cloud

    def add(self) -> str: ...


class Fake:
    def __init__(self) -> None:
        self.now = START
        self.cloud = FakeEc2(clock=lambda: self.now)

    def add(self) -> str:
        return self.cloud.add("stopped")


class Moto:
    def __init__(self, add: Callable[[], str]) -> None:
        self.cloud, self.add = current_cloud(), add


@pytest.fixture(params=["fake", "moto"])
def account(request: pytest.FixtureRequest, settings: Any) -> Account:
    if request.param == "fake":
        return Fake()
    ec2 = request.getfixturevalue("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="gpu", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "g4dn.xlarge"}
    )
    settings.FLASH_EC2_LAUNCH_TEMPLATE = "gpu"
    return Moto(request.getfixturevalue("add_instance"))


def state(account: Account, name: str) -> str | None:
    """None when it is no longer listed."""
    return next((row.state for row in account.cloud.list_instances() if row.id == name), None)


def test_an_empty_account_lists_nothing(account: Account) -> None:
    assert account.cloud.list_instances() == []


def test_a_stopped_instance_is_listed_starts_and_stops(account: Account) -> None:
    name = account.add()
    assert state(account, name) == "stopped"
    account.cloud.start(name)
    assert state(account, name) == "running"
    account.cloud.stop(name)
    assert state(account, name) == "stopped"


def test_starting_and_stopping_twice_is_no_error(account: Account) -> None:
    name = account.add()
    account.cloud.stop(name)
    account.cloud.start(name)
    account.cloud.start(name)
    assert state(account, name) == "running"
    account.cloud.stop(name)
    account.cloud.stop(name)
    assert state(account, name) == "stopped"


@pytest.mark.parametrize("call", ["start", "stop", "terminate"])
def test_an_unknown_instance_is_missing(account: Account, call: str) -> None:
    with pytest.raises(InstanceMissing):
        getattr(account.cloud, call)("i-0123456789abcdef0")


def test_a_launch_is_listed_with_its_token_and_the_time_of_its_start(account: Account) -> None:
    name = account.cloud.launch(Offer(), "token-1")
    (listed,) = account.cloud.list_instances()
    assert isinstance(listed, Instance)
    assert (listed.id, listed.state, listed.token) == (name, "running", "token-1")
    assert listed.launched.tzinfo is not None


def test_two_tokens_make_two_machines(account: Account) -> None:
    names = {account.cloud.launch(Offer(), token) for token in ("token-1", "token-2")}
    assert {row.id for row in account.cloud.list_instances()} == names
    assert len(names) == 2


def test_a_launched_machine_stops_and_starts_again(account: Account) -> None:
    name = account.cloud.launch(Offer(), "token-1")
    account.cloud.stop(name)
    assert state(account, name) == "stopped"
    account.cloud.start(name)
    assert state(account, name) == "running"


def test_a_terminated_machine_is_listed_no_more_and_may_be_terminated_again(account: Account) -> None:
    name = account.cloud.launch(Offer(), "token-1")
    account.cloud.terminate(name)
    assert state(account, name) is None
    account.cloud.terminate(name)


def test_a_stopped_machine_may_be_terminated(account: Account) -> None:
    name = account.add()
    account.cloud.terminate(name)
    assert state(account, name) is None


def test_machines_of_other_installations_are_not_listed(ec2: Any) -> None:
    """On moto alone: the fake holds one installation's machines."""
    tags = [{"Key": "flash:installation", "Value": "another"}]
    ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}]
    )
    assert current_cloud().list_instances() == []


def test_a_listing_goes_on_over_all_pages(
    ec2: Any, add_instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On moto alone: the fake has no pages."""
    names = {add_instance() for _ in range(12)}
    from jobs.compute import ec2 as module

    monkeypatch.setattr(module, "PAGE_SIZE", 5)
    assert {row.id for row in current_cloud().list_instances()} == names


# --- What moto does not model ------------------------------------------------------------------------------------


def test_the_same_token_makes_no_second_machine() -> None:
    """moto ignores ClientToken; EC2: "Ensuring idempotency in Amazon EC2 API requests"."""
    cloud = Fake().cloud
    assert cloud.launch(Offer(), "token-1") == cloud.launch(Offer(), "token-1")
    assert len(cloud.list_instances()) == 1


def test_a_repeated_launch_is_answered_even_when_there_is_no_more_capacity() -> None:
    """moto never lacks capacity."""
    cloud = Fake().cloud
    name = cloud.launch(Offer(), "token-1")

    def refuse(call: str) -> None:
        raise CapacityMissing(call)

    cloud.fault = refuse
    assert cloud.launch(Offer(), "token-1") == name
    with pytest.raises(CapacityMissing):
        cloud.launch(Offer(), "token-2")


@pytest.mark.parametrize("call", ["start", "stop"])
def test_a_terminated_machine_neither_starts_nor_stops(call: str) -> None:
    """moto starts it again; EC2 answers IncorrectInstanceState."""
    cloud = Fake().cloud
    name = cloud.launch(Offer(), "token-1")
    cloud.terminate(name)
    with pytest.raises(WrongState):
        getattr(cloud, call)(name)


def test_a_change_of_state_takes_its_time_and_a_stopping_machine_does_not_start() -> None:
    """moto changes states at once; EC2 passes through pending, stopping and shutting-down."""
    fake = Fake()
    fake.cloud.slow = timedelta(minutes=2)
    name = fake.add()
    fake.cloud.start(name)
    assert fake.cloud.machines[name].state == "pending"
    fake.now += timedelta(minutes=2)
    assert [row.state for row in fake.cloud.list_instances()] == ["running"]
    fake.cloud.stop(name)
    assert [row.state for row in fake.cloud.list_instances()] == ["stopping"]
    with pytest.raises(WrongState):
        fake.cloud.start(name)
    fake.now += timedelta(minutes=2)
    fake.cloud.terminate(name)
    assert [row.state for row in fake.cloud.list_instances()] == ["shutting-down"]


def test_a_start_moves_the_time_of_the_launch() -> None:
    """moto keeps the first; EC2's LaunchTime is that of the last start."""
    fake = Fake()
    name = fake.add()
    fake.now += timedelta(hours=3)
    fake.cloud.start(name)
    assert [row.launched for row in fake.cloud.list_instances()] == [fake.now]


def test_a_new_machine_is_not_known_at_once() -> None:
    """moto is consistent; EC2 is so eventually, and answers InvalidInstanceID.NotFound until then."""
    fake = Fake()
    fake.cloud.lag = timedelta(seconds=20)
    name = fake.cloud.launch(Offer(), "token-1")
    assert fake.cloud.list_instances() == []
    with pytest.raises(InstanceMissing):
        fake.cloud.terminate(name)
    fake.now += timedelta(seconds=21)
    assert [row.id for row in fake.cloud.list_instances()] == [name]
