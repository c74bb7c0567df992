"""A strict EC2 in memory: lagging listings, slow transitions, state rules, faults on demand; time is the caller's."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobs.compute.errors import CapacityMissing, ComputeRefused, InstanceMissing, Throttled, WrongState
from jobs.compute.fleet import Instance, Offer


class ControllerDied(Exception):
    """The process ended in the middle of a pass."""


@dataclass
class Machine:
    """One instance as it truly is."""

    id: str
    state: str
    launched: datetime
    token: str = ""
    next_state: str = ""
    next_at: datetime | None = None
    listed_from: datetime | None = None


@dataclass
class FakeEc2:
    """`fault(call)` may raise before the call; `lose(call)` raises after it was carried out."""

    clock: Callable[[], datetime]
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    slow: timedelta = timedelta()
    lag: timedelta = timedelta()
    fault: Callable[[str], None] = lambda call: None
    lose: Callable[[str], None] = lambda call: None
    machines: dict[str, Machine] = field(default_factory=dict)
    launches: int = 0
    instance_type: str = ""

    def add(self, state: str = "stopped") -> str:
        return self._new(state, "").id

    def up(self) -> list[str]:
        """What costs money at the moment."""
        return [machine.id for machine in self.machines.values() if machine.state in ("pending", "running")]

    def advance(self) -> None:
        for machine in self.machines.values():
            if machine.next_at is not None and machine.next_at <= self.clock():
                machine.state, machine.next_at = machine.next_state, None

    def list_instances(self) -> list[Instance]:
        self.fault("list")
        self.advance()
        return [
            Instance(
                id=m.id,
                state=m.state,  # type: ignore[arg-type]
                launched=m.launched,
                token=m.token,
                instance_type=self.instance_type,
            )
            for m in self.machines.values()
            if m.state != "terminated" and (m.listed_from is None or m.listed_from <= self.clock())
        ]

    def start(self, instance: str) -> None:
        self.fault("start")
        machine = self._get(instance)
        if machine.state in ("stopping", "shutting-down", "terminated"):
            raise WrongState(f"{instance} is {machine.state}")
        if machine.state == "stopped":
            machine.launched = self.clock()
            self._move(machine, "pending", "running")
        self.lose("start")

    def stop(self, instance: str) -> None:
        self.fault("stop")
        machine = self._get(instance)
        if machine.state in ("terminated", "shutting-down"):
            raise WrongState(f"{instance} is {machine.state}")
        if machine.state in ("pending", "running"):
            self._move(machine, "stopping", "stopped")
        self.lose("stop")

    def terminate(self, instance: str) -> None:
        self.fault("terminate")
        machine = self._get(instance)
        if machine.state != "terminated":
            self._move(machine, "shutting-down", "terminated")
        self.lose("terminate")

    def launch(self, offer: Offer, token: str) -> str:
        known = next((m for m in self.machines.values() if m.token == token), None)
        # A launch that succeeded is answered again from memory: it never turns into missing capacity.
        if known is None:
            self.fault("launch")
            self.launches += 1
            known = self._new("pending", token)
            known.listed_from = self.clock() + self.lag
            self._move(known, "pending", "running")
        self.lose("launch")
        return known.id

    def power_off(self, instance: str, *, terminates: bool) -> None:
        """What `poweroff` inside the machine does."""
        self._move(
            self.machines[instance],
            "shutting-down" if terminates else "stopping",
            "terminated" if terminates else "stopped",
        )

    def _new(self, state: str, token: str) -> Machine:
        machine = Machine(id=f"i-{len(self.machines):08x}", state=state, launched=self.clock(), token=token)
        self.machines[machine.id] = machine
        return machine

    def _get(self, instance: str) -> Machine:
        self.advance()
        machine = self.machines.get(instance)
        if machine is None or (machine.listed_from is not None and machine.listed_from > self.clock()):
            raise InstanceMissing(instance)
        return machine

    def _move(self, machine: Machine, through: str, to: str) -> None:
        machine.state, machine.next_state = through, to
        machine.next_at = self.clock() + self.slow * self.rng.random()
        if not self.slow:
            machine.state, machine.next_at = to, None


FAULTS = (Throttled, CapacityMissing, ComputeRefused, ControllerDied)
__all__ = ["FAULTS", "ControllerDied", "FakeEc2", "Machine", "replace"]
