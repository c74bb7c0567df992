"""How much slower this machine trains than when it has nothing else to do, by what other programs do right now."""

import os

from training.ground.control import available_cores

# What others leave is shared fairly at worst; beyond this the load of a minute tells nothing of the next hour.
_MOST = 6.0


def slowdown(running: int) -> float:
    """1 on an idle machine, 2 where others have as much to do as there are cores.

    `running` trainings of our own do not count: a further one begins when they have ended.
    """
    cores = available_cores()
    try:
        load = os.getloadavg()[0]
    except OSError:
        return 1.0
    others = max(0.0, load - running * cores)
    return min(_MOST, 1 + others / cores)
