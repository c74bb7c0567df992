"""Carries out the plan: intent first, then the call; what a call teaches is written down for the next pass."""

import logging
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from jobs.compute.actions import Action, Explain, Forget, Launch, Mark, Start, Stop
from jobs.compute.errors import CapacityMissing, ComputeRefused, InstanceMissing, Throttled, WrongState
from jobs.compute.fleet import Health, Instance, LaunchView, Offer, Policy, ServerView
from jobs.compute.planning import plan

logger = logging.getLogger(__name__)

# Renewed before each call, which takes 25 s at most; shorter than a pass, so that a dead controller costs one pass.
LOCK = timedelta(seconds=45)
_BLOCK = timedelta(minutes=5)
_BACKOFF_SECONDS = (5, 10, 20, 40, 60)
_BOOT_ADVICE = (
    "Its system log in the EC2 console says why. If it installs Flash on its first boot, prepare an image or raise "
    "FLASH_BOOT_GRACE_SECONDS (deploy/server/README.md)."
)


class Cloud(Protocol):
    """What the reconciler asks of EC2. Every call is bounded in time and raises errors of jobs.compute.errors."""

    def list_instances(self) -> list[Instance]: ...
    def start(self, instance: str) -> None: ...
    def stop(self, instance: str) -> None: ...
    def terminate(self, instance: str) -> None: ...
    def launch(self, offer: Offer, token: str) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the rows say at one moment."""

    jobs_waiting: int
    jobs_running: int
    servers: Sequence[ServerView] = ()
    launches: Sequence[LaunchView] = ()
    health: Health = field(default_factory=Health)
    backoffs: int = 0


class Ledger(Protocol):
    """The rows. A ledger that cannot be read raises, and then nothing is started or stopped."""

    def snapshot(self, now: datetime) -> Snapshot: ...
    def see(self, instances: Sequence[Instance], now: datetime) -> None: ...
    def is_busy(self, instance: str, now: datetime) -> bool: ...
    def intend_start(self, instance: str, now: datetime) -> None: ...
    def intend_stop(self, instance: str, reason: str, now: datetime) -> None: ...
    def intend_launch(self, offer: Offer, token: str, now: datetime) -> None: ...
    def launched(self, token: str, instance: str) -> None: ...
    def close_launch(self, token: str) -> None: ...
    def mark(self, instance: str, now: datetime) -> None: ...
    def save_health(self, health: Health, backoffs: int) -> None: ...
    def explain(self, reason: str) -> None: ...
    def alert(self, kind: str, message: str, now: datetime) -> None: ...


class Superseded(Exception):
    """Another controller has taken the lock: this one is too slow and must not act any more."""


def step(
    ledger: Ledger, cloud: Cloud, now: datetime, policy: Policy, *, hold: Callable[[], bool] = lambda: True
) -> list[Action]:
    """One pass; answers what was planned. The caller sees to it that only one runs at a time.

    `hold` renews the caller's lock for `LOCK`; when it answers False the pass ends at once with Superseded.
    """
    before = ledger.snapshot(now)
    health = before.health
    if health.backoff_until is not None and now < health.backoff_until:
        return []
    try:
        instances = cloud.list_instances()
    except Throttled as error:
        _back_off(ledger, health, before.backoffs, str(error), now)
        return []
    except ComputeRefused as error:
        ledger.alert("list machines", str(error), now)
        ledger.explain(str(error))
        return []
    ledger.see(instances, now)
    view = ledger.snapshot(now)
    actions = plan(
        view.jobs_waiting,
        view.jobs_running,
        view.servers,
        instances,
        now,
        policy,
        launches=view.launches,
        health=view.health,
    )
    executor = _Executor(ledger, cloud, now, policy, view)
    for action in actions:
        if not hold():
            raise Superseded
        if not executor.carry_out(action):
            break
    executor.finish()
    return actions


def _back_off(ledger: Ledger, health: Health, backoffs: int, reason: str, now: datetime) -> None:
    """Nothing is asked of EC2 for some seconds; `backoffs` is how many such pauses came right before this one."""
    base = _BACKOFF_SECONDS[min(backoffs, len(_BACKOFF_SECONDS) - 1)]
    # Full jitter on the upper half: controllers that were throttled together do not come back together.
    until = now + timedelta(seconds=base * random.uniform(0.5, 1))  # noqa: S311
    ledger.save_health(replace(health, backoff_until=until), backoffs + 1)
    ledger.explain(reason)
    if backoffs >= len(_BACKOFF_SECONDS):
        ledger.alert("throttled", reason, now)


class _Executor:
    """Carries out one action after another and gathers what was learnt."""

    def __init__(self, ledger: Ledger, cloud: Cloud, now: datetime, policy: Policy, view: Snapshot) -> None:
        self._ledger, self._cloud, self._now, self._policy, self._view = ledger, cloud, now, policy, view
        blocked = {key: until for key, until in view.health.blocked.items() if until > now}
        worked = any(server.busy for server in view.servers)
        self._health = replace(view.health, blocked=blocked, backoff_until=None)
        if worked:
            self._health = replace(self._health, boot_failures=0, breaker_until=None)
        self._problem = ""
        self._throttled = False

    def carry_out(self, action: Action) -> bool:
        """False when the rest of the plan must wait for the next pass."""
        try:
            self._do(action)
        except Throttled as error:
            _back_off(self._ledger, self._health, self._view.backoffs, str(error), self._now)
            self._throttled = True
            return False
        except CapacityMissing as error:
            self._block(action, error)
        except (WrongState, InstanceMissing) as error:
            # Its state has moved on, or a listing lags: the next pass looks again.
            logger.info("%s: %s", action, error)
        except ComputeRefused as error:
            self._problem = str(error)
            self._ledger.alert(type(action).__name__.lower(), str(error), self._now)
        return True

    def finish(self) -> None:
        if self._throttled:
            return
        if self._problem and self._view.jobs_waiting:
            self._ledger.explain(self._problem)
        self._ledger.save_health(self._health, 0)

    def _do(self, action: Action) -> None:
        match action:
            case Start(instance):
                self._ledger.intend_start(instance, self._now)
                self._cloud.start(instance)
            case Launch(offer, token):
                token = token or str(uuid.uuid4())
                self._ledger.intend_launch(offer, token, self._now)
                self._ledger.launched(token, self._cloud.launch(offer, token))
            case Stop():
                self._stop(action)
            case Mark(instance):
                self._ledger.mark(instance, self._now)
            case Forget(token):
                self._ledger.close_launch(token)
            case Explain(reason, alert):
                self._ledger.explain(reason)
                if alert:
                    self._ledger.alert(alert, reason, self._now)

    def _stop(self, stop: Stop) -> None:
        self._ledger.intend_stop(stop.instance, stop.reason, self._now)
        # A worker may have claimed a job since the plan was made.
        if not stop.even_if_busy and self._ledger.is_busy(stop.instance, self._now):
            return
        (self._cloud.terminate if self._policy.launches else self._cloud.stop)(stop.instance)
        if stop.boot_failed:
            failures = self._health.boot_failures + 1
            again = self._now + self._policy.pause_after(failures)
            self._health = replace(self._health, boot_failures=failures, breaker_until=again)
            told = f"{stop.instance} was stopped: {stop.reason} {_BOOT_ADVICE}"
            if failures >= self._policy.breaker:
                told += f" That was number {failures} in a row: the next try is at {again:%H:%M} UTC."
            self._ledger.alert("boot", told, self._now)

    def _block(self, action: Action, error: CapacityMissing) -> None:
        """This offer is left alone for some minutes; the next pass takes the next one. The job stays queued."""
        key = action.offer.key if isinstance(action, Launch) else getattr(action, "instance", "")
        blocked: Mapping[str, datetime] = {**self._health.blocked, key: self._now + _BLOCK}
        self._health = replace(self._health, blocked=blocked)
        self._problem = str(error)
        self._ledger.alert("capacity", str(error), self._now)
        if isinstance(action, Launch):
            for launch in self._ledger.snapshot(self._now).launches:
                if launch.offer == key and not launch.instance:
                    self._ledger.close_launch(launch.token)
