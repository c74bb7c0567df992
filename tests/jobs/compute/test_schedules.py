"""Whatever fails in whatever order: every job ends once, no machine idles for long, never more machines than the pool.

All on the limits that are shipped. SCHEDULES=3000 tries more schedules than the suite has time for.
"""

import os
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.compute.ec2_driver import current_policy
from jobs.compute.fleet import Policy
from tests.jobs.compute.world import World

_SCHEDULES = int(os.environ.get("SCHEDULES", "60"))


def test_the_settings_default_to_the_limits_that_are_tried_here() -> None:
    assert current_policy() == Policy()


@settings(max_examples=_SCHEDULES, deadline=None)
@example(seed=825, launches=False, pool=1, fault_rate=0.3, deaths=True)
@given(
    seed=st.integers(0, 2**32),
    launches=st.booleans(),
    pool=st.integers(1, 3),
    fault_rate=st.sampled_from([0.0, 0.05, 0.3]),
    deaths=st.booleans(),
)
def test_every_job_ends_once_and_nothing_idles_longer_than_ten_minutes(
    seed: int, launches: bool, pool: int, fault_rate: float, deaths: bool
) -> None:
    world = World(
        seed, Policy(launches=launches, pool=pool), fault_rate=fault_rate, deaths=deaths, outage=False
    )
    world.run()
    _check(world)
    assert world.longest_idle <= timedelta(minutes=10)
    assert world.most_up <= pool


@settings(max_examples=_SCHEDULES // 2, deadline=None)
@given(seed=st.integers(0, 2**32), launches=st.booleans())
def test_with_the_control_plane_dead_the_watchdog_ends_it_within_twenty(seed: int, launches: bool) -> None:
    world = World(seed, Policy(launches=launches, pool=2), fault_rate=0.05, deaths=True, outage=True)
    world.run()
    _check(world)
    assert world.longest_idle <= timedelta(minutes=20)


def test_a_worker_that_slept_past_its_lease_publishes_nothing() -> None:
    worlds = [World(seed, Policy(pool=2), fault_rate=0, deaths=True, outage=False) for seed in range(20)]
    for world in worlds:
        world.run()
        _check(world)
    assert sum(world.zombie_writes_refused for world in worlds) > 0, "the schedules hold no such case"


def _check(world: World) -> None:
    assert world.board.all_ended, world.ledger.reason
    assert world.ec2.up() == []
    assert world.most_runs_of_a_job <= 1
    assert {job.published for job in world.board.jobs} == {1}
