"""What samples are like beside their class: how large, how long, how bright. For the parts of a report about the data.

In report.json, all missing for kinds of task that tell nothing of their samples:

    slices    [{trait, words, count, accuracy, low, high, is_worse}]: of the validation part, groups by each trait with
              the 95 % interval (Wilson) of their accuracy; worse are those that chance alone does not explain
    traits    [{name, unit, low, first, middle, third, high}] of numbers: least, quartiles, most; of words
              [{name, shares: [{words, count}]}]; of `looked_at` samples
    outliers  [{source, label, words}]: samples that are far from all others by a number
    counts    [{label, train, validation}]
"""

import math
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.outcome import Outcome
from training.evaluation.report import MAX_SOURCE
from training.ground.errors import Interrupted
from training.ground.run import Run
from training.ground.samples import class_counts
from training.kinds import kind_of, load
from training.score import ACCURACY
from training.targets.one_label import wilson_interval

# Of each part no more are looked at; a random choice is.
_MOST = 1_500
_FEWEST_OF_A_SLICE = 8
# A slice is worse if it is by so many standard errors: once in 200 by chance, and there are some ten slices.
_CLEARLY = 2.8
# How many times the usual distance from the middle is far.
_FAR, _MOST_OUTLIERS, _MOST_WORDS = 6.0, 10, 6
Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trait:
    """One thing that is known of each of N samples: `numbers` [N] with a unit, nan where unknown, or `words` [N].

    Numbers that come `in_ratios` differ by factors: twice is as far from once as four times from twice.
    """

    name: str
    unit: str = ""
    numbers: NDArray[np.float64] | None = None
    words: Sequence[str] = ()
    in_ratios: bool = False


def trait_figures(outcome: Outcome, run: Run) -> dict[str, Any]:
    """The parts of report.json; {} where nothing is known. It may not cost the training its success."""
    told = kind_of(outcome.recipe.task).traits
    # Groups are judged by the share of right answers.
    if not told or run.control.out_of_time or outcome.target.score != ACCURACY:
        return {}
    with run.phases.time("traits"):
        try:
            random = np.random.default_rng(outcome.recipe.seed)
            measured = outcome.measured_on
            others = np.setdiff1d(np.concatenate(outcome.parts), measured)
            train, validation = (np.sort(random.permutation(part)[:_MOST]) for part in (others, measured))
            places = np.concatenate([train, validation])
            traits: list[Trait] = load(told)([outcome.samples.items[i] for i in places], run.machine.cores)
            return {
                "slices": _slices(traits, outcome, len(train), validation),
                "traits": [_described(trait) for trait in traits],
                "outliers": _outliers(traits, outcome, places),
                "looked_at": len(places),
                "counts": _counts(outcome),
            }
        except Interrupted:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            run.events.log("What the samples are like could not be looked at.")
            return {}


def _counts(outcome: Outcome) -> list[dict[str, Any]]:
    size = len(outcome.classes)
    parts = [class_counts(outcome.samples.labels[part], size).tolist() for part in outcome.parts]
    return [
        {"label": label, "train": train, "validation": validation}
        for label, train, validation in zip(outcome.classes, *parts, strict=True)
    ]


def _slices(
    traits: Sequence[Trait], outcome: Outcome, skipped: int, validation: Indices
) -> list[dict[str, Any]]:
    place = np.searchsorted(outcome.measured_on, validation)
    right = outcome.target.right(outcome.decisions, outcome.truth)[place]
    found = []
    for trait in traits:
        for words, members in _groups(trait, skipped):
            count, good = int(members.sum()), int(right[members].sum())
            if count < _FEWEST_OF_A_SLICE or count == len(right):
                continue
            low, high = wilson_interval(good, count)
            found.append(
                {
                    "trait": trait.name,
                    "words": words,
                    "count": count,
                    "accuracy": round(good / count, 6),
                    "low": round(low, 6),
                    "high": round(high, 6),
                    "is_worse": _is_worse(right, members),
                }
            )
    return found


def _is_worse(right: NDArray[np.bool_], members: NDArray[np.bool_]) -> bool:
    own, others = right[members], right[~members]
    mean = float(right.mean())
    luck = math.sqrt(max(mean * (1 - mean), 1e-9) * (1 / len(own) + 1 / max(len(others), 1)))
    return bool(len(others) and others.mean() - own.mean() > _CLEARLY * luck)


def _groups(trait: Trait, skipped: int) -> list[tuple[str, NDArray[np.bool_]]]:
    """Words for each group of the samples behind those that are skipped, and which belong to it."""
    if trait.numbers is None:
        told = np.array(list(trait.words)[skipped:])
        return [(word, told == word) for word, _ in Counter(trait.words[skipped:]).most_common(_MOST_WORDS)]
    numbers = trait.numbers[skipped:]
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return []
    edges = np.unique(np.round(np.quantile(known, (0.25, 0.5, 0.75)), 2))
    edges = edges[(edges < known.max())]
    ends = [-np.inf, *edges.tolist(), np.inf]
    groups = [
        (_between(low, high, trait.unit), (numbers > low) & (numbers <= high)) for low, high in pairwise(ends)
    ]
    return groups if len(groups) > 1 else []


def _between(low: float, high: float, unit: str) -> str:
    if math.isinf(low):
        return f"up to {number(high)} {unit}"
    if math.isinf(high):
        return f"more than {number(low)} {unit}"
    return f"{number(low)} to {number(high)} {unit}"


def number(value: float) -> str:
    """As people write it."""
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _described(trait: Trait) -> dict[str, Any]:
    if trait.numbers is None:
        common = Counter(trait.words).most_common(_MOST_WORDS)
        return {"name": trait.name, "shares": [{"words": word, "count": count} for word, count in common]}
    known = trait.numbers[np.isfinite(trait.numbers)]
    names = ("low", "first", "middle", "third", "high")
    values = np.quantile(known, (0, 0.25, 0.5, 0.75, 1)) if len(known) else np.zeros(5)
    ends = {name: round(float(value), 2) for name, value in zip(names, values, strict=True)}
    return {"name": trait.name, "unit": trait.unit, **ends}


def _outliers(traits: Sequence[Trait], outcome: Outcome, places: Indices) -> list[dict[str, Any]]:
    found: list[tuple[float, int, str]] = []
    for trait in traits:
        if trait.numbers is None or len(trait.numbers) < _FEWEST_OF_A_SLICE:
            continue
        values = np.log(np.maximum(trait.numbers, 1e-3)) if trait.in_ratios else trait.numbers
        middle = np.nanmedian(values)
        away = np.abs(values - middle)
        usual = max(1.4826 * float(np.nanmedian(away)), 0.1 * max(abs(float(middle)), 1.0))
        for i in np.flatnonzero(away > _FAR * usual):
            found.append(
                (float(away[i] / usual), int(i), f"{trait.name} {number(trait.numbers[i])} {trait.unit}")
            )
    samples, target = outcome.samples, outcome.target
    return [
        {
            "source": samples.shown(int(places[i]))[:MAX_SOURCE],
            "label": target.words(outcome.classes, samples.labels[places[i]]),
            "words": words,
        }
        for _, i, words in sorted(found, key=lambda row: -row[0])[:_MOST_OUTLIERS]
    ]
