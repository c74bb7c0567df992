"""Measuring in folds: how many there are, and what is said of them; free of torch, for the web, too."""

from collections.abc import Mapping
from typing import Any

from training.kinds import Preset, kind_of

# Of more samples one part measures well enough.
MOST_SAMPLES = 2_000
# Seconds that folds may add to a training of preset Best, on two ordinary processor cores.
_MOST_SECONDS = 3_600.0
_FEWEST, _MOST = 2, 10
_SHARE = 0.8


def fold_count(recipe: Mapping[str, Any], samples: int) -> int:
    """How many models measure each other's samples, as `recipe` (Recipe.to_json) has it; 1: a single part measures.

    Each learns from about the share of the data that the recipe names. A linear model is always measured in folds where
    there is little data, which takes next to no time; a network only where preset Best may take it.
    """
    kind, share = kind_of(recipe["task"]), float(recipe.get("data_split", _SHARE))
    folds = min(max(round(1 / (1 - share)), _FEWEST), _MOST)
    if samples > MOST_SAMPLES:
        return 1
    if kind.is_convex(recipe):
        return folds if recipe.get("solver") == "newton" else 1
    more = folds * kind.rough_seconds(recipe, samples)
    return folds if recipe.get("preset") == Preset.BEST and more <= _MOST_SECONDS else 1


def trainings(recipe: Mapping[str, Any], samples: int) -> int:
    """How many times as long as a single one such a training takes: the folds of a linear model share its features.

    A network is trained once more, on all samples.
    """
    folds = fold_count(recipe, samples)
    return 1 if folds == 1 or kind_of(recipe["task"]).is_convex(recipe) else folds + 1


def measured_words(report: Mapping[str, Any], many: str) -> str:
    """What a score of report.json was measured on: "all 240 pictures, each by a model ..."; "" where not in folds.

    `many` is the word for samples.
    """
    found = report.get("folds")
    if not found:
        return ""
    count, samples = found["samples"], found["of"]
    some = f"all {count:,}" if count == samples else f"{count:,} of {samples:,}"
    return f"{some} {many}, each by a model that had not seen it ({found['count']} folds)"
