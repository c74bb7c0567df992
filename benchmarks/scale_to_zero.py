"""What scale-to-zero costs: a simulated month of Poisson arrivals through the real planning function.

    make bench NAME=scale_to_zero

Lower bound: the seconds of training alone, plus one boot for each burst (a stretch of time in which some job waits
or trains). The idle grace, the pass every minute and the stop are what is paid beyond it. Jobs train for 10 minutes
on average (log-normal); a machine boots in 90 s. The trade of the idle grace: a longer one saves boots and waits.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.site import bar
from jobs.compute.actions import Start, Stop
from jobs.compute.fleet import Instance, Policy, ServerView
from jobs.compute.planning import plan

BOOT = 90.0
PASS = 60.0
MONTH = 30 * 86400.0
GOAL = 1.15
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Result:
    trained: float
    bursts: int
    billed: float
    waits: list[float]
    span: float

    @property
    def bound(self) -> float:
        return self.trained + self.bursts * BOOT


@dataclass
class Machine:
    on_since: float | None = None
    free_at: float = 0.0
    last_work: float | None = None


def simulate(rate: float, seed: int, policy: Policy) -> Result:
    """A month at `rate` jobs a day. A submission reconciles at once, as the site does; else once a minute."""
    rng = random.Random(seed)
    arrivals: list[tuple[float, float]] = []
    now = rng.expovariate(rate / 86400)
    while now < MONTH:
        arrivals.append((now, rng.lognormvariate(6.27, 0.5)))
        now += rng.expovariate(rate / 86400)
    machines = [Machine() for _ in range(policy.pool)]
    waiting: list[tuple[float, float]] = []
    result = Result(sum(work for _, work in arrivals), _bursts(arrivals, policy.pool), 0.0, [], MONTH)
    queue, clock = iter(arrivals), 0.0
    following = next(queue, None)
    while following or waiting or any(m.on_since is not None for m in machines):
        candidates = [(clock // PASS + 1) * PASS] + ([following[0]] if following else [])
        candidates += [m.free_at for m in machines if m.on_since is not None and m.free_at > clock]
        clock = min(candidates)
        while following and following[0] <= clock:
            waiting.append(following)
            following = next(queue, None)
        _assign(machines, waiting, clock, result)
        _reconcile(machines, waiting, clock, policy, result)
    result.span = max(MONTH, clock)
    return result


def _assign(
    machines: Sequence[Machine], waiting: list[tuple[float, float]], now: float, result: Result
) -> None:
    for machine in machines:
        if machine.on_since is None or machine.free_at > now or not waiting:
            continue
        arrived, work = waiting.pop(0)
        result.waits.append(now - arrived)
        machine.free_at = machine.last_work = now + work


def _reconcile(
    machines: Sequence[Machine],
    waiting: Sequence[tuple[float, float]],
    now: float,
    policy: Policy,
    result: Result,
) -> None:
    moment = START + timedelta(seconds=now)
    on = [m for m in machines if m.on_since is not None]
    busy = {id(m) for m in on if m.last_work is not None and m.free_at > now}
    views = [
        ServerView(
            id=str(number),
            heartbeat=moment if m.on_since is not None and now >= m.on_since + BOOT else None,
            busy=id(m) in busy,
            last_work=START + timedelta(seconds=m.last_work) if m.last_work is not None else None,
        )
        for number, m in enumerate(machines)
    ]
    listed = [
        Instance(
            id=str(number),
            state="stopped" if m.on_since is None else "running",
            launched=START + timedelta(seconds=m.on_since or 0),
        )
        for number, m in enumerate(machines)
    ]
    for action in plan(len(waiting), len(busy), views, listed, moment, policy):
        if isinstance(action, Start):
            machine = machines[int(action.instance)]
            machine.on_since, machine.free_at, machine.last_work = now, now + BOOT, None
        elif isinstance(action, Stop):
            machine = machines[int(action.instance)]
            assert machine.on_since is not None
            result.billed += now - machine.on_since
            machine.on_since = None


def _bursts(arrivals: Sequence[tuple[float, float]], pool: int) -> int:
    """How often a machine must be switched on if it is switched off the moment that nothing waits or trains."""
    ends, count = [float("-inf")] * pool, 0
    for at, work in arrivals:
        first = min(range(pool), key=ends.__getitem__)
        if all(end < at for end in ends):
            count += 1
            ends[first] = at + BOOT
        ends[first] = max(ends[first], at) + work
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=60, help="seconds of idle grace")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    bars: list[tuple[int, float]] = []
    print(
        "jobs/day pool  jobs  bursts  trained h  billed h  bound h  always-on h  ratio  wait p50 s  wait p95 s"
    )
    for rate, pool in ((1, 1), (10, 1), (100, 1), (1000, 10)):
        policy = Policy(pool=pool, idle_grace=timedelta(seconds=options.idle), hard_cap=timedelta(days=60))
        result = simulate(rate, options.seed, policy)
        ratio = result.billed / result.bound
        cuts = statistics.quantiles(result.waits, n=20)
        print(
            f"{rate:>8} {pool:>4} {len(result.waits):>5} {result.bursts:>7} {result.trained / 3600:>10.1f}"
            f" {result.billed / 3600:>9.1f} {result.bound / 3600:>8.1f} {pool * result.span / 3600:>12.1f}"
            f" {ratio:>6.3f} {cuts[9]:>11.0f} {cuts[18]:>11.0f}"
        )
        bars.append((rate, ratio))
    for rate, ratio in bars:
        bar(f"scale_to_zero_{rate}_a_day", ratio, GOAL, at_least=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
