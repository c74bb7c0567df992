"""What the model of one fold answered, kept for a later attempt."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from training.evaluation.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities [M, C] of the samples at `places` [M], and what a simple method reaches on these."""

    places: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    baseline: float | None

    @classmethod
    def of(cls, outcome: "Outcome") -> Self:
        """Those of its validation part."""
        evidence, classes = outcome.evidence, len(outcome.classes)
        baseline = None if evidence is None else evidence.baseline(classes, outcome.target)
        return cls(outcome.parts[1], outcome.probabilities, baseline)

    def save(self, path: Path, fingerprint: str) -> None:
        """Write them, whole or not at all; the `fingerprint` says what they are of. A full disk is no failure."""
        temporary = path.with_suffix(".tmp")
        baseline = np.nan if self.baseline is None else self.baseline
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                np.savez(
                    file,
                    fingerprint=fingerprint,
                    places=self.places,
                    probabilities=self.probabilities,
                    baseline=baseline,
                )
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> Self | None:
        """What was saved; None where there is nothing, or of something else."""
        try:
            with np.load(path) as file:
                if str(file["fingerprint"]) != fingerprint:
                    return None
                baseline = float(file["baseline"])
                return cls(file["places"], file["probabilities"], None if np.isnan(baseline) else baseline)
        # What is damaged raises nearly anything.
        except Exception:
            return None


def mean_baseline(answers: Sequence[Answers]) -> float | None:
    """That of all folds, each weighed by how many samples it is of; None where one is not known."""
    known = [found.baseline for found in answers if found.baseline is not None]
    if len(known) < len(answers):
        return None
    return float(np.average(known, weights=[len(found.places) for found in answers]))
