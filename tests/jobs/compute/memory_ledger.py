"""The ledger in memory, for many schedules: the twin of jobs.compute.rows (test_faults and test_twins run both)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from jobs.compute.fleet import Health, Instance, LaunchView, Offer, ServerView
from jobs.compute.reconciler import Snapshot


class MemoryLedger:
    """See jobs.compute.reconciler.Ledger. `demand` answers how many jobs wait and run; `busy` which servers work."""

    def __init__(
        self, *, adopts: bool, demand: Callable[[], tuple[int, int]], busy: Callable[[str], bool]
    ) -> None:
        self.servers: dict[str, ServerView] = {}
        self.launches: dict[str, LaunchView] = {}
        self._gone: set[str] = set()
        self.health, self.backoffs, self.reason = Health(), 0, ""
        self.alerts: list[tuple[str, str]] = []
        self._adopts, self._demand, self._busy = adopts, demand, busy

    def snapshot(self, now: datetime) -> Snapshot:
        waiting, running = self._demand()
        return Snapshot(
            jobs_waiting=waiting,
            jobs_running=running,
            servers=[
                replace(row, busy=self._busy(row.id))
                for row in self.servers.values()
                if row.id not in self._gone
            ],
            launches=list(self.launches.values()),
            health=replace(self.health, reason=self.reason),
            backoffs=self.backoffs,
        )

    def see(self, instances: Sequence[Instance], now: datetime) -> None:
        for instance in instances:
            if self._adopts or instance.token in self.launches:
                self.servers.setdefault(instance.id, ServerView(id=instance.id))
            self.launches.pop(instance.token, None)
        there = {instance.id for instance in instances if instance.state != "shutting-down"}
        self._gone = self.servers.keys() - there

    def is_busy(self, instance: str, now: datetime) -> bool:
        return self._busy(instance)

    def intend_start(self, instance: str, now: datetime) -> None:
        self.servers[instance] = replace(self.servers[instance], start_asked=now)

    def intend_stop(self, instance: str, reason: str, now: datetime) -> None:
        """Nothing depends on it: the plan is made anew from what EC2 says."""

    def intend_launch(self, offer: Offer, token: str, now: datetime) -> None:
        self.launches.setdefault(token, LaunchView(token=token, offer=offer.key, created=now))

    def launched(self, token: str, instance: str) -> None:
        self.launches[token] = replace(self.launches[token], instance=instance)

    def close_launch(self, token: str) -> None:
        self.launches.pop(token, None)

    def mark(self, instance: str, now: datetime) -> None:
        self.servers.setdefault(instance, ServerView(id=instance, marked=now))

    def save_health(self, health: Health, backoffs: int) -> None:
        self.health, self.backoffs = health, backoffs

    def explain(self, reason: str) -> None:
        self.reason = reason

    def alert(self, kind: str, message: str, now: datetime) -> None:
        self.alerts.append((kind, message))

    def beat(self, instance: str, now: datetime) -> None:
        """A worker reports."""
        row = self.servers.get(instance) or ServerView(id=instance)
        self.servers[instance] = replace(row, heartbeat=now)

    def worked(self, instance: str, now: datetime) -> None:
        """A job began or ended there."""
        row = self.servers.get(instance) or ServerView(id=instance)
        self.servers[instance] = replace(row, last_work=now)
