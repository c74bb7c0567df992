"""A simulated week of jobs on one machine of two cores: first come, first served, against the queue's order and lanes.

    make bench NAME=queue ARGS='--loads 0.6 0.75 0.85 --seeds 5'

Four of five jobs take about 40 seconds, the others about four minutes, one in twenty about 40 (log-normal). Estimates
are off by a log-normal factor (0.35). Two that train at once get half the machine each. What comes next is decided by
`jobs.lanes`, as in the site; here a clock is all that runs.
"""

import argparse
import heapq
import math
import os
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import django

from benchmarks.site import bar

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_WEEK = 7 * 86_400.0
# Seconds at the median, the deviation of their logarithm, the share of all jobs.
_KINDS = ((40.0, 0.5, 0.8), (240.0, 0.5, 0.15), (2_400.0, 0.6, 0.05))
_ESTIMATE_DEVIATION = 0.35
_SHORT, _LONG = 120.0, 1_200.0


@dataclass(slots=True)
class _Job:
    """When it came, how long it takes alone, how long it was thought to take; then what is left of it, and its wait."""

    came: float
    seconds: float
    expected: float
    left: float = field(default=0.0)
    wait: float = field(default=0.0)


Order = Callable[[_Job], float]


def week(load: float, seed: int) -> list[_Job]:
    """Jobs of a week that keep the machine busy for this share of the time."""
    chance = random.Random(seed)  # a simulation
    mean = sum(share * median * math.exp(spread**2 / 2) for median, spread, share in _KINDS)
    jobs, now = [], 0.0
    while (now := now + chance.expovariate(load / mean)) < _WEEK:
        (median, spread, _) = chance.choices(_KINDS, [share for *_, share in _KINDS])[0]
        seconds = median * math.exp(chance.gauss(0, spread))
        jobs.append(_Job(now, seconds, seconds * math.exp(chance.gauss(0, _ESTIMATE_DEVIATION))))
    return jobs


def simulate(jobs: list[_Job], order: Order, *, lane: bool) -> None:
    """Run them all, the first in `order` first; with a `lane`, short ones beside whatever runs. Sets their waits."""
    from jobs.lanes import is_short

    coming, waiting, running, now = list(reversed(jobs)), [], [None, None], 0.0
    while coming or waiting or any(running):
        for place in (0, 1) if lane else (0,):
            if running[place] is None:
                running[place] = _take(waiting, now, is_short if place else None)
        busy = [job for job in running if job]
        ends = min((job.left * len(busy) for job in busy), default=math.inf)
        step = min(ends, coming[-1].came - now if coming else math.inf)
        for job in busy:
            job.left -= step / len(busy)
        now += step
        running = [None if job and job.left <= 1e-6 else job for job in running]
        while coming and coming[-1].came <= now + 1e-9:
            job = coming.pop()
            heapq.heappush(waiting, (order(job), job.came, job))


def _take(waiting: list, now: float, fits: Callable[[float], bool] | None) -> _Job | None:
    found = min((entry for entry in waiting if fits is None or fits(entry[2].expected)), default=None)
    if found is None:
        return None
    waiting.remove(found)
    heapq.heapify(waiting)
    job: _Job = found[2]
    job.wait, job.left = now - job.came, job.seconds
    return job


def _due(job: _Job) -> float:
    from datetime import timedelta

    from jobs.lanes import due

    return (due(_EPOCH + timedelta(seconds=job.came), job.expected) - _EPOCH).total_seconds()


def _waits(load: float, seed: int, order: Order, *, lane: bool) -> tuple[float, float]:
    """The mean wait of short jobs and the longest of a long one."""
    jobs = week(load, seed)
    simulate(jobs, order, lane=lane)
    short = [job.wait for job in jobs if job.expected <= _SHORT]
    return statistics.mean(short), max(job.wait for job in jobs if job.seconds > _LONG)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loads", nargs="+", type=float, default=[0.6, 0.75, 0.85])
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    django.setup()
    ways = {
        "first come, first served": (lambda job: job.came, False),
        "by due time": (_due, False),
        "by due time, with the lane": (_due, True),
    }
    less, longer = [], []
    print("| load | way | mean wait of short jobs, s | longest wait of a long one, s |\n|---|---|---|---|")
    for load in chosen.loads:
        found = {
            way: [_waits(load, seed, order, lane=lane) for seed in range(chosen.seeds)]
            for way, (order, lane) in ways.items()
        }
        for way, rows in found.items():
            short, long = (statistics.mean(each) for each in zip(*rows, strict=True))
            print(f"| {load} | {way} | {short:.0f} | {long:.0f} |", flush=True)
        base, ours = found["first come, first served"], found["by due time, with the lane"]
        less += [a[0] / max(b[0], 1.0) for a, b in zip(base, ours, strict=True)]
        longer += [b[1] / a[1] for a, b in zip(base, ours, strict=True)]
    bar("queue-short-wait-times-less", statistics.median(less), 5)
    bar("queue-longest-long-wait-ratio", statistics.median(longer), 1.5, at_least=False)


if __name__ == "__main__":
    main()
