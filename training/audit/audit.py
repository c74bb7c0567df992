"""Looks at the data behind a score: a simple baseline, samples in both parts, labels that are likely wrong."""

import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from training.evaluation.evidence import Evidence, Pairs
from training.evaluation.outcome import Outcome
from training.evaluation.report import MAX_SOURCE
from training.ground.errors import Interrupted
from training.ground.run import Run
from training.score import SCORES, show

_MOST_EXAMPLES = 20
# Seconds after which no further look is begun.
_BUDGET = 20.0


def audit(outcome: Outcome, run: Run) -> dict[str, Any]:
    """The parts of report.json that are about the data (see `training.evaluation.report`); {} without evidence.

    None of it may cost the training its success: what fails or would take too long is left out with a note.
    """
    evidence = outcome.evidence
    if evidence is None:
        return {}
    looks: dict[str, Callable[[], Any]] = {
        "baseline": lambda: _baseline(evidence, outcome),
        "duplicates": lambda: _duplicates(evidence, outcome),
        "suspects": lambda: _suspects(evidence, outcome, run),
    }
    started, notes = time.monotonic(), []
    found: dict[str, Any] = {}
    with run.phases.time("audit"):
        for name, look in looks.items():
            run.control.check()
            if run.control.out_of_time or time.monotonic() - started > _BUDGET:
                notes.append(f"{name}: there was no time left for it")
                continue
            try:
                found[name] = look()
            except Interrupted:
                raise
            except Exception:
                traceback.print_exc(file=sys.stderr)
                notes.append(f"{name}: it could not be determined")
    _tell(run, found.get("duplicates"), outcome)
    return found | {"audit_notes": notes}


def _baseline(evidence: Evidence, outcome: Outcome) -> dict[str, Any] | None:
    value = evidence.baseline(len(outcome.classes), outcome.target)
    score = outcome.target.score
    return None if value is None else {"name": evidence.baseline_name, score: round(value, 6)}


def _duplicates(evidence: Evidence, outcome: Outcome) -> dict[str, Any]:
    """Near-duplicates across the parts (each validation sample once), and pairs under two classes."""
    pairs = evidence.near()

    def differ(i: int, j: int) -> bool:
        return bool(np.any(evidence.labels[i] != evidence.labels[j]))

    twins: dict[int, int] = {}
    for one, other in pairs:
        for i, j in ((one, other), (other, one)):
            # A twin under another class says more than one under the same.
            if _has_met(outcome, i, j) and (j not in twins or differ(i, j)):
                twins[j] = i
    conflicts = [(i, j) for i, j in pairs if differ(i, j)]
    return {
        "count": len(twins),
        f"{outcome.target.score}_without": _score_without(twins, outcome),
        "examples": _told([(i, j) for j, i in twins.items()], outcome),
        "conflicts": len(conflicts),
        "conflict_examples": _told(conflicts, outcome),
    }


def _has_met(outcome: Outcome, i: int, j: int) -> bool:
    """Whether what was measured on place `j` of the evidence had learned from place `i`."""
    cut, folds = len(outcome.parts[0]), outcome.folds
    if folds is None:
        return i < cut <= j
    one, other = (int(folds[_index(outcome, place)]) for place in (i, j))
    return other >= 0 and one != other


def _score_without(twins: dict[int, int], outcome: Outcome) -> float | None:
    kept = ~np.isin(outcome.measured_on, [_index(outcome, j) for j in twins])
    if not twins or not kept.any():
        return None
    return outcome.target.measure(outcome.truth[kept], outcome.decisions[kept]).rounded().value


def _told(pairs: Pairs, outcome: Outcome) -> list[dict[str, str]]:
    found = []
    for i, j in pairs[:_MOST_EXAMPLES]:
        twin, twin_label = _shown(outcome, i)
        source, label = _shown(outcome, j)
        found.append({"source": source, "label": label, "twin": twin, "twin_label": twin_label})
    return found


def _index(outcome: Outcome, place: int) -> int:
    """Which sample stands at a place of the evidence."""
    train, validation = outcome.parts
    return int(train[place] if place < len(train) else validation[place - len(train)])


def _shown(outcome: Outcome, place: int) -> tuple[str, str]:
    """A sample of the evidence as people are told of it, and its label."""
    samples, index = outcome.samples, _index(outcome, place)
    return samples.shown(index)[:MAX_SOURCE], outcome.target.words(samples.classes, samples.labels[index])


def _suspects(evidence: Evidence, outcome: Outcome, run: Run) -> dict[str, Any] | None:
    classes = outcome.classes
    target, seed = outcome.target, outcome.recipe.seed
    found = evidence.suspects(len(classes), target, seed=seed, control=run.control)
    if found is None:
        return None
    examples = []
    for item in found["found"]:
        source, label = _shown(outcome, item["place"])
        predicted, probability = target.words(classes, item["predicted"]), item["probability"]
        examples.append(
            {"source": source, "label": label, "predicted": predicted, "probability": probability}
        )
    return {"count": found["count"], "looked_at": found["looked_at"], "examples": examples}


def _tell(run: Run, duplicates: dict[str, Any] | None, outcome: Outcome) -> None:
    if not duplicates:
        return
    score, total = outcome.target.score, len(outcome.truth)
    word = SCORES[score].word
    count, without, conflicts = (duplicates[name] for name in ("count", f"{score}_without", "conflicts"))
    if count:
        rest = (
            ""
            if without is None
            else f" Without {'it' if count == 1 else 'them'}, the {word} is {show(score, without)}."
        )
        samples, where = (
            ("validation samples", "the training part")
            if outcome.folds is None
            else ("samples", "another fold")
        )
        run.events.warning(
            f"{count:,} of {total:,} {samples} also {'appear' if count > 1 else 'appears'}, nearly "
            f"identical, in {where}, so the {word} may flatter the model.{rest}"
        )
    if conflicts:
        what = "1 pair of samples is" if conflicts == 1 else f"{conflicts:,} pairs of samples are"
        run.events.warning(f"{what} nearly identical but in two classes; one of each is probably wrong.")
