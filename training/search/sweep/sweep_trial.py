"""The trials of a sweep, and where they are kept for a later attempt."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.search.sweep.curve import Curve
from training.search.trial_state import TrialState


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepTrial:
    """One training of a sweep: what it changes of the recipe, how far it came, and how many seconds that took.

    `note` is a sentence about one that failed. One that was stopped early is done at the epoch where it was stopped.
    """

    number: int
    values: Mapping[str, Any]
    state: TrialState = TrialState.RUNNING
    curve: Curve = field(default_factory=Curve)
    seconds: float = 0.0
    note: str = ""

    @property
    def loss(self) -> float:
        """The lowest validation loss so far; infinity where there is none."""
        return self.curve.lowest if self.state != TrialState.FAILED else float("inf")

    def to_json(self) -> dict[str, Any]:
        """As the checkpoint has it."""
        return {
            "number": self.number,
            "values": dict(self.values),
            "state": self.state.value,
            "train": list(self.curve.train),
            "validation": list(self.curve.validation),
            "seconds": self.seconds,
            "note": self.note,
        }


class SweepStore:
    """Keeps the trials in a file; the `fingerprint` says of which sweep they are."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path, self._fingerprint = path, fingerprint

    def load(self) -> list[SweepTrial]:
        """Those of an earlier attempt at the same sweep; none where they cannot be read."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            return [_trial(row) for row in saved["trials"]] if saved["sweep"] == self._fingerprint else []
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def save(self, trials: list[SweepTrial]) -> None:
        """Replace what is kept."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        told = {"sweep": self._fingerprint, "trials": [trial.to_json() for trial in trials]}
        temporary.write_text(json.dumps(told), encoding="utf-8")
        os.replace(temporary, self._path)


def _trial(row: Mapping[str, Any]) -> SweepTrial:
    return SweepTrial(
        number=row["number"],
        values=row["values"],
        state=TrialState(row["state"]),
        curve=Curve.from_json(row),
        seconds=row["seconds"],
        note=row["note"],
    )
