"""What is done and when: made of a seed alone, so that a run can be repeated."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

# How often each is drawn. A training takes some seconds of both processors, a prediction milliseconds of one.
WORK: Mapping[str, float] = {
    "predict": 60,
    "predict_many": 10,
    "look": 12,
    "page": 6,
    "download": 3,
    "submit": 2.0,
    "submit_checked": 0.6,
    "submit_in_pieces": 0.5,
    "submit_and_leave": 0.3,
    "check_and_forget": 0.6,
    "begin_pieces_and_forget": 0.4,
    "leave_in_mid_upload": 1.2,
    "repeat": 2,
    "cancel": 1.2,
    "keep_best": 0.8,
    "batch": 2.2,
    "batch_repeat": 0.5,
    "batch_cancel": 0.5,
    "batch_look": 5,
    "delete": 0.7,
    "expire": 0.7,
    "extend": 0.5,
    "stranger": 1.5,
    "upkeep": 0.4,
}
FAULTS: Mapping[str, float] = {
    "kill_web_process": 4,
    "kill_web_master": 1,
    "kill_control": 3,
    "kill_training": 3,
    "kill_trainer": 3,
    "kill_batch_child": 3,
    "kill_reader": 1.5,
    "kill_redis": 2,
    "kill_everything": 1,
    "restart_everything": 1,
    "freeze_training": 3,
    "freeze_trainer": 1,
    "freeze_control": 1.5,
    "freeze_web_process": 1,
    "freeze_redis": 2,
    "full_redis": 2,
    "wipe_redis": 2,
    "duplicate_messages": 3,
    "stale_messages": 1,
    "hold_database": 1.5,
    "full_disk": 2,
}
_WORK_GAP, _FAULT_GAP, _LEAST_FAULT_GAP = 0.6, 12.0, 3.0
# The first models are on their way when the faults begin.
_QUIET_START = 20.0
_OPENING = ("submit", "submit", "submit_checked", "submit")


@dataclass(frozen=True, slots=True)
class Step:
    """`at`: seconds after the start; `number` decides everything about it that is left to chance."""

    at: float
    name: str
    number: int

    @property
    def is_fault(self) -> bool:
        return self.name in FAULTS


def make(*, seed: int, minutes: float) -> list[Step]:
    """All steps in the order of time; the same for the same seed and length."""
    end = minutes * 60
    opening = [Step(place, name, place) for place, name in enumerate(_OPENING)]
    work = _draw(Random(f"{seed} work"), WORK, 0.0, end, _WORK_GAP, 0.0)
    faults = _draw(Random(f"{seed} faults"), FAULTS, _QUIET_START, end, _FAULT_GAP, _LEAST_FAULT_GAP)
    return sorted([*opening, *work, *faults], key=lambda step: step.at)


def digest(steps: list[Step]) -> str:
    """Tells two plans apart."""
    text = "\n".join(f"{step.at:.3f} {step.name} {step.number}" for step in steps)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _draw(
    rng: Random, weights: Mapping[str, float], start: float, end: float, gap: float, least: float
) -> list[Step]:
    """Steps at random moments, `gap` seconds apart on average and never less than `least`."""
    steps, at = [], start
    names, shares = list(weights), list(weights.values())
    while (at := at + least + rng.expovariate(1 / (gap - least))) < end:
        (name,) = rng.choices(names, shares)
        steps.append(Step(at, name, rng.getrandbits(48)))
    return steps
