"""What sources do to a score: how many there are, and what it would be said to be without them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.outcome import Outcome
from training.ground.events import Events
from training.ground.samples import VALIDATION, Samples, class_counts
from training.ground.source_words import source_words
from training.kinds import kind_of
from training.score import ACCURACY

Indices = NDArray[np.int64]


def source_figures(outcome: Outcome) -> dict[str, Any]:
    """`sources` of report.json; {} where nobody looked for them."""
    sources = outcome.sources
    if sources is None:
        return {}
    train, validation = outcome.parts
    used, measured_on = np.concatenate([train, validation]), outcome.measured_on
    sizes = np.bincount(sources[used])
    shared = _shared(outcome, sources)
    found: dict[str, Any] = {
        "count": int((sizes > 0).sum()),
        "samples": len(used),
        "largest": int(sizes.max(initial=0)),
        "val_count": len(np.unique(sources[measured_on])),
        "shared": shared,
        "given": bool(len(outcome.samples.of_split(VALIDATION))),
    }
    if outcome.target.score == ACCURACY and not shared and found["count"] < found["samples"]:
        found[f"{ACCURACY}_by_samples"] = _by_samples(outcome, sources)
    return {"sources": found}


def _shared(outcome: Outcome, sources: Indices) -> int:
    """How many samples were measured by a model that had learned from a relative of theirs."""
    if outcome.folds is None:
        train, validation = outcome.parts
        return int(np.isin(sources[validation], sources[train]).sum())
    pairs = np.unique(np.stack([sources, outcome.folds]), axis=1)
    in_several = np.bincount(pairs[0]) > 1
    return int(in_several[sources[outcome.measured_on]].sum())


def _by_samples(outcome: Outcome, sources: Indices) -> float | None:
    """About the accuracy that a split sample by sample would have shown; None where that is not known.

    A validation sample would then have a relative in the training part with a probability that its source's size and
    the share of that part give, and be answered as training samples are where the relative has the same label;
    otherwise as it was now.
    """
    progress = outcome.progress
    known = {row.epoch: row.train_accuracy for row in progress.history}.get(progress.best_epoch)
    if known is None:
        return None
    labels, measured_on = outcome.samples.labels, outcome.measured_on
    right = outcome.target.right(outcome.decisions, outcome.truth)
    sizes = np.bincount(sources)
    pairs = sources * (int(labels.max()) + 1) + labels
    of_pair = dict(zip(*(some.tolist() for some in np.unique(pairs, return_counts=True)), strict=True))
    others = np.maximum(sizes[sources[measured_on]] - 1, 0)
    alike = np.array([of_pair[pair] - 1 for pair in pairs[measured_on].tolist()], float)
    agree = alike / np.maximum(others, 1)
    met = 1 - (1 - outcome.train_count / sum(map(len, outcome.parts))) ** others
    answered = met * np.maximum(right, agree * known) + (1 - met) * right
    return round(float(answered.mean()), 6)


def tell_sources(outcome: Outcome, figures: dict[str, Any], events: Events) -> None:
    """Say how many there are, in the log, and warn of what they leave unmeasured."""
    found = figures.get("sources")
    if not found:
        return
    words = kind_of(outcome.recipe.task).words
    told = source_words(found, outcome.target.score, words.sample, words.samples)
    if told:
        (events.warning if found["shared"] else events.log)(told)
    alone = _unmeasured(outcome.samples, outcome.measured_on)
    if alone:
        names = ", ".join(name[:60] for name in alone[:8]) + (", ..." if len(alone) > 8 else "")
        events.warning(
            f"{names}: all {words.samples} of {'this class come' if len(alone) == 1 else 'each of these classes come'} "
            f"from one source, so they are used for training and cannot be measured. Add {words.samples} from others."
        )


def _unmeasured(samples: Samples[Any], measured_on: Indices) -> list[str]:
    """Classes of several samples, none of which are measured on."""
    counts = samples.counts
    measured = class_counts(samples.labels[measured_on], len(samples.classes))
    return [
        name
        for name, all_, some in zip(samples.classes, counts, measured, strict=True)
        if all_ > 1 and not some
    ]
