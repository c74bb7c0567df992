"""Whatever fails in whatever order: every job ends, no machine idles for long, never more machines than the pool.

SCHEDULES=5000 tries more schedules than the suite has time for.
"""

import os
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.compute.planning import Policy
from tests.jobs.compute.world import World

_SCHEDULES = int(os.environ.get("SCHEDULES", "60"))


@settings(max_examples=_SCHEDULES, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    launches=st.booleans(),
    pool=st.integers(1, 3),
    fault_rate=st.sampled_from([0.0, 0.05, 0.3]),
    deaths=st.booleans(),
)
def test_every_job_ends_and_nothing_idles_longer_than_ten_minutes(
    seed: int, launches: bool, pool: int, fault_rate: float, deaths: bool
) -> None:
    policy = Policy(
        launches=launches, pool=pool, idle_grace=timedelta(minutes=5), boot_grace=timedelta(minutes=5)
    )
    world = World(seed, policy, fault_rate=fault_rate, deaths=deaths, outage=False)
    world.run()
    assert all(job.ended for job in world.jobs), world.ledger.reason
    assert world._up() == []
    # When nearly every call fails, two passes in a row and a dead controller's lock may come on top.
    assert world.longest_idle <= timedelta(minutes=10 if fault_rate < 0.3 else 13)
    assert world.most_up <= pool


@settings(max_examples=_SCHEDULES // 2, deadline=None)
@given(seed=st.integers(0, 2**32), launches=st.booleans())
def test_with_the_control_plane_dead_the_watchdog_ends_it_within_twenty(seed: int, launches: bool) -> None:
    world = World(seed, Policy(launches=launches, pool=2), fault_rate=0.05, deaths=True, outage=True)
    world.run()
    assert all(job.ended for job in world.jobs)
    assert world._up() == []
    assert world.longest_idle <= timedelta(minutes=20)
