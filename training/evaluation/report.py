"""The figures of a training: its score, what its target has beside that, and the samples that tell most.

report.json holds, all of the validation part unless said otherwise, or, where it has `folds`, of all folds:

    score         {name, value, low, high}: see `training.score`; a report without one is of accuracy
    accuracy, accuracy_interval [low, high]: the same again, where the score is the accuracy; see
                  `training.evaluation.intervals`
    too_few_sources  how many the validation part has, where they are too few for an interval; else missing
    majority_accuracy (always the commonest class), confusion: [[int]] (rows = truth),
    per_class: [{label, precision, recall, f1, support}]: of a target with one label a sample
    baseline      {name, accuracy}: a simple method on the same split; null where it was too large for it
    calibration   {temperature, error_before, error_after, bins: [{count, confidence, accuracy}]}: the expected
                  calibration error (15 bins) before and after temperature scaling; exported models are scaled
    duplicates    {count, accuracy_without, examples: [{source, label, twin, twin_label}], conflicts,
                  conflict_examples: [the same]}: samples that stand, nearly the same, in the training part as
                  `twin`; the accuracy on the others (null when there are none); pairs, in any part, under two classes
    suspects      {count, looked_at, examples: [{source, label, predicted, probability}]}: labels, in any part,
                  that models which never saw the sample contradict; null when nothing could be asked
    hardest       [{source, label, predicted, probability, label_probability}]: highest loss first; `probability`
                  is that of the class predicted
    thresholds    [{threshold, unsure, accuracy}]: were answers below `threshold` called unsure, their share, and the
                  accuracy of the others (null when there are none)
    audit_notes   [str]: which of baseline, duplicates, suspects is missing, and why
    sources       {count, samples, largest, val_count, shared, given, accuracy_by_samples}: how many sources all samples
                  come from, and those of the validation part (val_count); validation samples with a relative in the
                  training part (shared), which only parts that were given (given) have; about what a split sample by
                  sample would have shown (null where that is unknown; missing where it would be the same)
    slices, traits, outliers, looked_at, counts  see `training.evaluation.traits`
    ordered       how far answers are off, where the classes are in an order: see `training.evaluation.ordered`
    macro_f1, mean_average_precision, all_right, labels_each, without_labels: of a target with any number of labels a
                  sample, whose rows of per_class have missed, said_wrongly, average_precision and threshold besides,
                  and no confusion; see `training.targets.label_figures`
    test          {score, count, left_out, and confusion and per_class as above}: of the test part that the upload
                  named, by the exported model, measured once; left_out could not be read. Missing without such a part
    collect       what to collect next: see `training.evaluation.collect`. Missing with few samples
    folds         {count, samples, of, first: {score, log_loss, count}}: measured in so many folds, on `samples` of all
                  samples, each answered by a model that had not learned from it; `first` is of the first fold alone,
                  which an early model is measured on, too. train_count is then what each of these models learned from,
                  on average, and the epochs are those of the first. Missing where one part was measured
    outside       what is told about answers that belong to none of the classes: see `training.evaluation.outside`.
                  Missing for kinds of task that tell nothing
    search        {minutes, seconds, ended, chosen, best_score, trials: [{number, words, model_name, state, seconds,
                  score, note}]}: of preset Auto, what was tried within how many minutes, why it ended, the number of
                  the one that was chosen, and its score as measured. `score` is less, by what choosing among several
                  adds (`training.search.optimism`); all other figures are as measured. Missing elsewhere
    train_count, val_count, best_epoch, epochs: [EpochFigures], warnings: [str], skipped: [{source, reason}],
    skipped_count, seconds: {phase: s}, device

Where the score is another one, its name stands in the place of "accuracy" in baseline, duplicates and epochs;
calibration and thresholds always have the share of right answers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ground.epochs import EpochFigures
from training.score import score_fields
from training.targets.target import Target

MAX_SKIPPED = 200
MAX_SOURCE = 200


def hardest(
    target: Target,
    truth: NDArray[Any],
    probabilities: NDArray[Any],
    sources: Sequence[str],
    labels: Sequence[str],
    count: int = 12,
    decisions: NDArray[Any] | None = None,
) -> list[dict[str, Any]]:
    """The validation samples with the highest loss: whose truth got the lowest probability."""
    given = target.likelihood(truth, probabilities)
    if decisions is None:
        decisions = target.decide(probabilities)
    sure = target.confidence(probabilities, decisions)
    worst = np.argsort(given, kind="stable")[:count]
    return [
        {
            "source": sources[i][:MAX_SOURCE],
            "label": target.words(labels, truth[i]),
            "predicted": target.words(labels, decisions[i]),
            "probability": round(float(sure[i]), 6),
            "label_probability": round(float(given[i]), 6),
        }
        for i in worst
    ]


def thresholds(target: Target, truth: NDArray[Any], probabilities: NDArray[Any]) -> list[dict[str, Any]]:
    """What refusing to answer below a probability would cost and bring, in steps of 0.05 and finer near 1.

    Nothing where an answer is no single label: each label has a threshold of its own.
    """
    if not target.answers_one:
        return []
    decisions = target.decide(probabilities)
    sure, right = target.confidence(probabilities, decisions), target.right(decisions, truth)
    steps = [round(0.05 * step, 2) for step in range(20)] + [0.97, 0.98, 0.99]
    found = []
    for step in steps:
        kept = sure >= step
        accuracy = round(float(right[kept].mean()), 6) if kept.any() else None
        unsure = round(float(1 - kept.mean()), 6) if len(kept) else 0.0
        found.append({"threshold": step, "unsure": unsure, "accuracy": accuracy})
    return found


def log_loss(target: Target, truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Mean negative log-likelihood of the truth; decides between models of the same score."""
    given = target.likelihood(truth, probabilities).astype(float)
    return float(-np.log(np.maximum(given, 1e-12)).mean()) if len(truth) else 0.0


def build_report(
    *,
    target: Target,
    labels: Sequence[str],
    truth: NDArray[Any],
    probabilities: NDArray[Any],
    train_count: int,
    epochs: Sequence[EpochFigures],
    best_epoch: int,
    decisions: NDArray[Any] | None = None,
) -> dict[str, Any]:
    """report.json without what only the run knows (warnings, skipped, seconds, device, hardest).

    `truth`, as `target` has it, and `probabilities` [N, C] are of the validation part; so are `decisions`, which are
    the target's unless said otherwise.
    """
    if decisions is None:
        decisions = target.decide(probabilities)
    return {
        **score_fields(target.measure(truth, decisions).rounded()),
        **target.figures(labels, truth, decisions, probabilities),
        "train_count": train_count,
        "val_count": len(truth),
        "best_epoch": best_epoch,
        "epochs": [figures.to_json() for figures in epochs],
        "thresholds": thresholds(target, truth, probabilities),
    }
