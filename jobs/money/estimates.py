"""How long a training will take: arithmetic alone; a rough guess that past jobs correct."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from training.kinds import kind_of
from training.search.folding import trainings

# What every job takes on two ordinary processor cores, besides what its kind reckons.
FIXED_SECONDS = 12.0
# A GPU against those two cores, when nothing is known: what does not depend on the data stays.
_GPU_SHARE = 0.1
_GPU_FAMILIES = ("g", "p")
# The logarithm of (real / guessed) seconds: how far the guess may be off, and how far jobs differ among themselves.
_GUESS_DEVIATION, _JOB_DEVIATION = 0.7, 0.25
_WEIGHT_OF_THE_USUAL = 3
_FARTHEST = 3.0
# Nine of ten jobs end within the band.
_BAND = 1.6449


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds or money: most likely `expected`, nine times in ten between `low` and `high`."""

    low: float
    expected: float
    high: float

    def __add__(self, other: Self) -> "Range":
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def __mul__(self, factor: float) -> "Range":
        return Range(self.low * factor, self.expected * factor, self.high * factor)

    def at_most(self, limit: float) -> "Range":
        """Nothing of it above `limit`."""
        return Range(*(min(value, limit) for value in (self.low, self.expected, self.high)))

    def to_json(self) -> dict[str, float]:
        return {"low": round(self.low, 4), "expected": round(self.expected, 4), "high": round(self.high, 4)}


def rough_seconds(config: Mapping[str, Any], samples: int, kind: str = "") -> float:
    """A guess from the configuration (Recipe.to_json), the number of samples and the kind of machine."""
    if minutes := config.get("budget_minutes"):
        return of_search(float(minutes)).expected
    work = kind_of(config["task"]).rough_seconds(config, samples) * trainings(config, samples)
    return FIXED_SECONDS + work * (_GPU_SHARE if kind.startswith(_GPU_FAMILIES) else 1.0)


def of_search(minutes: float) -> Range:
    """Seconds of a search within a budget: it may end earlier, and the last steps come on top."""
    whole = FIXED_SECONDS + 60 * minutes
    return Range(0.3 * whole, whole, 1.2 * whole)


def corrected(rough: float, ratios: Sequence[float]) -> Range:
    """`rough` seconds with an error band, corrected by past jobs' (real / rough) seconds.

    The logarithms of the ratios are taken as normal with an unknown mean: the guess itself is what is believed
    before, and each past job moves the estimate away from it (a conjugate prior; Gelman et al., BDA, ch. 2.5).
    """
    logs = [max(-_FARTHEST, min(_FARTHEST, math.log(ratio))) for ratio in ratios if ratio > 0]
    variance = _variance(logs)
    precision = 1 / _GUESS_DEVIATION**2 + len(logs) / variance
    mean = sum(logs) / variance / precision
    deviation = math.sqrt(1 / precision + variance)
    return Range(*(rough * math.exp(mean + z * deviation) for z in (-_BAND, 0.0, _BAND)))


def _variance(logs: Sequence[float]) -> float:
    usual = _WEIGHT_OF_THE_USUAL * _JOB_DEVIATION**2
    if not logs:
        return _JOB_DEVIATION**2
    mean = sum(logs) / len(logs)
    return (usual + sum((x - mean) ** 2 for x in logs)) / (_WEIGHT_OF_THE_USUAL + len(logs) - 1)
