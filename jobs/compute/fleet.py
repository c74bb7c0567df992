"""What the planner looks at: machines as EC2 lists them and as the rows know them, launches under way, and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]
UP = ("pending", "running")


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A kind of machine that may be launched; the empty strings leave the choice to the launch template."""

    instance_type: str = ""
    subnet: str = ""

    @property
    def key(self) -> str:
        return f"{self.instance_type}@{self.subnet}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The operator's limits. `launches` False: tagged instances are started and stopped; True: made and terminated."""

    launches: bool = False
    pool: int = 1
    idle_grace: timedelta = timedelta(minutes=1)
    boot_grace: timedelta = timedelta(minutes=5)
    silence: timedelta = timedelta(minutes=3)
    hard_cap: timedelta = timedelta(hours=24)
    lag: timedelta = timedelta(minutes=3)
    breaker: int = 3
    breaker_pause: timedelta = timedelta(minutes=30)
    longest_pause: timedelta = timedelta(hours=4)
    offers: tuple[Offer, ...] = (Offer(),)

    def pause_after(self, failures: int) -> timedelta:
        """The wait after so many failed boots in a row: what never comes up must not cost as much for ever."""
        doublings = min(max(failures - self.breaker, 0), 10)
        return min(self.breaker_pause * (1 << doublings), self.longest_pause)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One machine as EC2 lists it; `launched` is its last start, `token` the tag that its launch carried."""

    id: str
    state: State
    launched: datetime
    token: str = ""
    instance_type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerView:
    """One machine as the rows know it; `last_work` is when its last job began or ended."""

    id: str
    heartbeat: datetime | None = None
    busy: bool = False
    last_work: datetime | None = None
    start_asked: datetime | None = None
    marked: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LaunchView:
    """A launch that was intended: `token` is its ClientToken, `instance` its answer when there was one."""

    token: str
    offer: str
    created: datetime
    instance: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What earlier calls taught: a back-off, offers without capacity, machines that did not come up.

    `reason` is the sentence that waiting jobs were told last.
    """

    backoff_until: datetime | None = None
    blocked: Mapping[str, datetime] = field(default_factory=dict)
    boot_failures: int = 0
    breaker_until: datetime | None = None
    reason: str = ""
