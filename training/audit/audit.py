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


def audit(run: Run, outcome: Outcome) -> dict[str, Any]:
    """The parts of report.json that are about the data (see `training.evaluation.report`); {} without evidence.

    None of it may cost the training its success: what fails or would take too long is left out with a note.
    """
    evidence = outcome.evidence
    if evidence is None:
        return {}
    classes = outcome.classes
    looks: dict[str, Callable[[], Any]] = {
        "baseline": lambda: _baseline(evidence, outcome),
        "duplicates": lambda: _duplicates(evidence, outcome),
        "suspects": lambda: _suspects(evidence, run, classes),
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
                notes.append(f"{name}: it could not be found out")
    _tell(run, found.get("duplicates"), outcome)
    return found | {"audit_notes": notes}


def _baseline(evidence: Evidence, outcome: Outcome) -> dict[str, Any] | None:
    value = evidence.baseline(len(outcome.classes))
    score = outcome.target.score
    return None if value is None else {"name": evidence.baseline_name, score: round(value, 6)}


def _duplicates(evidence: Evidence, outcome: Outcome) -> dict[str, Any]:
    """Near-duplicates across the parts (each validation sample once), and pairs under two classes."""
    pairs, cut = evidence.near(), evidence.train_count
    twins: dict[int, int] = {}
    for i, j in pairs:
        # A twin under another class says more than one under the same.
        if i < cut <= j and (j not in twins or evidence.labels[i] != evidence.labels[j]):
            twins[j] = i
    conflicts = [(i, j) for i, j in pairs if evidence.labels[i] != evidence.labels[j]]
    return {
        "count": len(twins),
        f"{outcome.target.score}_without": _score_without(twins, cut, outcome),
        "examples": _told([(i, j) for j, i in twins.items()], evidence, outcome.classes),
        "conflicts": len(conflicts),
        "conflict_examples": _told(conflicts, evidence, outcome.classes),
    }


def _score_without(twins: dict[int, int], cut: int, outcome: Outcome) -> float | None:
    kept = np.ones(len(outcome.truth), bool)
    kept[[j - cut for j in twins]] = False
    if not twins or not kept.any():
        return None
    target = outcome.target
    return target.measure(outcome.truth[kept], target.decide(outcome.probabilities[kept])).rounded().value


def _told(pairs: Pairs, evidence: Evidence, classes: list[str]) -> list[dict[str, str]]:
    return [
        {
            "source": evidence.sources[j][:MAX_SOURCE],
            "label": classes[int(evidence.labels[j])],
            "twin": evidence.sources[i][:MAX_SOURCE],
            "twin_label": classes[int(evidence.labels[i])],
        }
        for i, j in pairs[:_MOST_EXAMPLES]
    ]


def _suspects(evidence: Evidence, run: Run, classes: list[str]) -> dict[str, Any] | None:
    found = evidence.suspects(run, len(classes))
    if found is None:
        return None
    examples = [
        {
            "source": evidence.sources[item["place"]][:MAX_SOURCE],
            "label": classes[int(evidence.labels[item["place"]])],
            "predicted": classes[item["predicted"]],
            "probability": item["probability"],
        }
        for item in found["found"]
    ]
    return {"count": found["count"], "looked_at": found["looked_at"], "examples": examples}


def _tell(run: Run, duplicates: dict[str, Any] | None, outcome: Outcome) -> None:
    if not duplicates:
        return
    score, total = outcome.target.score, len(outcome.truth)
    word = SCORES[score].word
    count, without, conflicts = (duplicates[name] for name in ("count", f"{score}_without", "conflicts"))
    if count:
        rest = "" if without is None else f" Without them the {word} is {show(score, without)}."
        run.events.warning(
            f"{count} of {total} validation samples also {'stand' if count > 1 else 'stands'}, nearly the same, in "
            f"the training part, so the {word} may flatter the model.{rest}"
        )
    if conflicts:
        what = "1 pair of samples is" if conflicts == 1 else f"{conflicts} pairs of samples are"
        run.events.warning(f"{what} nearly the same but under two classes; one of each is probably wrong.")
