"""The trainings that a search has tried: what is told of them, and what a later attempt goes on from."""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.score import Score
from training.search.trial_state import TrialState

_FILE = "trials.json"
_LAST, _LEADER = "last.pt", "leader.pt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One training of a search: the place of its candidate in the kind's list, what it took (seconds), what it gave.

    `epochs`, where there was no time for all of its own, is how many it was given. `loss` is the mean negative
    log-likelihood of the validation part, `decisions` [N] what was answered there. `note` is a sentence about one that
    failed, `in_folds` those of the seconds that measuring in folds took, `warnings` are what the training warned of.
    """

    number: int
    candidate: int
    words: str
    model_name: str
    epochs: int | None = None
    state: TrialState = TrialState.RUNNING
    seconds: float = 0.0
    score: Score | None = None
    loss: float = 0.0
    note: str = ""
    in_folds: float = 0.0
    warnings: tuple[str, ...] = ()
    decisions: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.int64))

    def is_better(self, other: "Trial") -> bool:
        """By score, and of two equal ones the one that was surer of the truth."""
        assert self.score is not None
        if other.score is None or self.score.is_better(other.score):
            return True
        return self.score.value == other.score.value and self.loss < other.loss

    def to_json(self) -> dict[str, Any]:
        """As the `trial` event and report.json have it."""
        return {
            "number": self.number,
            "words": self.words,
            "model_name": self.model_name,
            "state": self.state.value,
            "seconds": round(self.seconds, 1),
            "score": self.score.to_json() if self.score else None,
            "note": self.note,
        }


class TrialStore:
    """Keeps ended trials in a checkpoint's folder, and the checkpoint of the best one beside that of the last."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder, self._fingerprint = folder, fingerprint

    def load(self) -> list[Trial]:
        """Those of an earlier attempt at the same search; none where they cannot be read."""
        try:
            saved = json.loads((self._folder / _FILE).read_text(encoding="utf-8"))
            return [_trial(row) for row in saved["trials"]] if saved["search"] == self._fingerprint else []
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def save(self, trials: list[Trial]) -> None:
        """Replace what is kept."""
        rows = [
            {
                **trial.to_json(),
                "candidate": trial.candidate,
                "epochs": trial.epochs,
                "loss": trial.loss,
                "in_folds": trial.in_folds,
                "warnings": trial.warnings,
                "decisions": trial.decisions.tolist(),
            }
            for trial in trials
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = (self._folder / _FILE).with_suffix(".tmp")
        temporary.write_text(json.dumps({"search": self._fingerprint, "trials": rows}), encoding="utf-8")
        os.replace(temporary, self._folder / _FILE)

    def keep_leader(self) -> None:
        """The checkpoint that was written last is of the best trial."""
        _copy(self._folder / _LAST, self._folder / _LEADER)

    def restore_leader(self) -> None:
        """Let a training go on from the checkpoint of the best trial."""
        _copy(self._folder / _LEADER, self._folder / _LAST)


def _copy(file: Path, to: Path) -> None:
    """Whole or not at all; where there is none, none stays."""
    if not file.exists():
        to.unlink(missing_ok=True)
        return
    temporary = to.with_suffix(".tmp")
    shutil.copyfile(file, temporary)
    os.replace(temporary, to)


def _trial(row: dict[str, Any]) -> Trial:
    score = Score.from_json(row["score"]) if row["score"] else None
    told = {
        name: row[name]
        for name in (
            "number",
            "candidate",
            "words",
            "model_name",
            "epochs",
            "seconds",
            "loss",
            "note",
            "in_folds",
        )
    }
    return Trial(
        **told,
        state=TrialState(row["state"]),
        score=score,
        warnings=tuple(row["warnings"]),
        decisions=np.array(row["decisions"]),
    )
