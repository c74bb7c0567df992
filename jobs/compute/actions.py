"""What the planner may decide; jobs.compute.reconciler carries it out."""

from dataclasses import dataclass

from jobs.compute.fleet import Offer


@dataclass(frozen=True, slots=True)
class Start:
    instance: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Launches one machine; with `token`, repeats an earlier launch whose answer never came."""

    offer: Offer
    token: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stops the machine, or terminates it in a pool. `boot_failed` counts for the circuit breaker."""

    instance: str
    reason: str
    boot_failed: bool = False
    even_if_busy: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Remembers an instance that no row knows; the next pass stops it."""

    instance: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Closes a launch that left no machine behind."""

    token: str


@dataclass(frozen=True, slots=True)
class Explain:
    """The sentence that waiting jobs show; empty when there is nothing to tell. `alert` tells the operator, too."""

    reason: str
    alert: str = ""


Action = Start | Launch | Stop | Mark | Forget | Explain
