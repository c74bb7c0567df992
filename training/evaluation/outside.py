"""Fits how far the probabilities of an answer may be spread before it is taken for one about none of the classes.

`outside` of report.json, and of model.json where there is a threshold:

    threshold     an answer spread more than this (`training.bundle.outside`) is probably about none of the classes
    false_alarms  the share of the validation part above it, WANTED at most
    caught        of samples of classes that a model does not know the share above its threshold, measured by leaving
                  classes out (`_caught`); null where that could not be measured
    asked         how many samples of classes left out that is of
    missing       in place of all of these, in report.json alone: a sentence that says why there is no threshold
"""

import math
import sys
import time
import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.outside import spread
from training.evaluation.outcome import LeaveOut, Outcome
from training.ground.errors import Interrupted
from training.ground.run import Run
from training.targets.target import Target

# The share of false alarms that is put up with.
WANTED = 0.05
FEWEST_CLASSES, FEWEST_SAMPLES = 4, 40
# Nats; a model that is always surer is not taken at its word: 99.8 % and the rest on another class.
_LEAST_SPREAD = 0.01
_ANY_NUMBER = (
    "Models with any number of labels do not tell what is unlike all that they learned from; where no label is likely, "
    "they name none."
)
_FOLDS = 5
# Seconds after which no further fold is begun; the classes of the others are a random choice.
_BUDGET = 10.0


def outside_figures(outcome: Outcome, run: Run) -> dict[str, Any]:
    """`outside` of report.json; {} for kinds of task that do not tell. The probabilities must be calibrated.

    It may not cost the training its success: where leaving out fails, the threshold stands alone.
    """
    leave_out, classes, count = outcome.leave_out, len(outcome.classes), len(outcome.truth)
    if not outcome.target.answers_one:
        return {"outside": {"missing": _ANY_NUMBER}}
    if leave_out is None:
        return {}
    if classes < FEWEST_CLASSES or count < FEWEST_SAMPLES:
        return {
            "outside": {
                "missing": f"Whether an answer is about none of the classes is told by models with {FEWEST_CLASSES} "
                f"classes and {FEWEST_SAMPLES} validation samples or more. This one has {classes} and {count}."
            }
        }
    found = spread(outcome.probabilities)
    threshold = threshold_of(found)
    caught: tuple[float | None, int] = (None, 0)
    with run.phases.time("classes left out"):
        try:
            caught = _caught(leave_out, outcome, run)
        except Interrupted:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            run.events.log("How much that belongs to none of the classes is noticed could not be measured.")
    false_alarms = round(float((found > threshold).mean()), 6)
    return {
        "outside": {
            "threshold": threshold,
            "false_alarms": false_alarms,
            "caught": caught[0],
            "asked": caught[1],
        }
    }


def threshold_of(spreads: NDArray[Any]) -> float:
    """What at most a share WANTED of `spreads` [N] lies above: halfway between two of them."""
    ordered = np.sort(spreads.astype(float))[::-1]
    above = math.floor(WANTED * len(ordered))
    return max(float(ordered[max(above - 1, 0)] + ordered[above]) / 2, _LEAST_SPREAD)


def _caught(leave_out: LeaveOut, outcome: Outcome, run: Run) -> tuple[float | None, int]:
    """Of samples whose classes a model does not know, the share that it notices, and how many these were.

    A simpler model of the same features learns without some of the classes, its threshold is fitted in the same way to
    validation samples of the others, and those of the classes left out are asked about: once for each class. Every
    class counts alike, for nobody knows how common an unknown one is.
    """
    classes = np.random.default_rng(outcome.recipe.seed).permutation(len(outcome.classes))
    folds = min(_FOLDS, len(classes))
    started, asked, shares = time.monotonic(), 0, []
    for fold in range(folds):
        run.control.check()
        if run.control.out_of_time or time.monotonic() - started > _BUDGET:
            break
        kept = np.ones(len(classes), bool)
        kept[classes[fold::folds]] = False
        truth, probabilities = leave_out(kept)
        known = kept[truth]
        if not known.any():
            continue
        above = _calibrated_spread(outcome.target, kept, truth, probabilities)
        noticed = above > threshold_of(above[known])
        shares += [float(noticed[truth == label].mean()) for label in np.unique(truth[~known])]
        asked += int((~known).sum())
    return (round(float(np.mean(shares)), 6) if shares else None), asked


def _calibrated_spread(
    target: Target, kept: NDArray[np.bool_], truth: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> NDArray[Any]:
    """Of a model of the classes `kept` [C], once its probabilities mean what they say."""
    known, places = kept[truth], np.cumsum(kept) - 1
    temperature = target.temperature(places[truth[known]], probabilities[known])
    return spread(target.tempered(probabilities, temperature))
