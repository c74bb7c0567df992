"""Both models on the same validation part, where a training continued from an earlier one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.preprocessing import UnreadableInput
from training.bundle.previous import Previous
from training.evaluation.outcome import Outcome
from training.ground.run import Run
from training.targets.of_bundle import target_of_bundle
from training.targets.target import Target


def compare(outcome: Outcome, previous: Previous | None, run: Run) -> dict[str, Any]:
    """`previous` of report.json: both models on the same validation part; {} when nothing is continued.

    `wins` needs the better score, and every class that the earlier model knows.
    """
    if previous is None:
        return {}
    # The earlier model has learned from the others, unless it was measured in folds.
    same = outcome.measured_on if previous.in_folds else outcome.parts[1]
    cores, among = run.machine.cores, np.searchsorted(outcome.measured_on, same)
    ids = outcome.samples.ids(same, cores)
    items = [outcome.samples.items[i] for i in same]
    target, truth = outcome.target, outcome.samples.labels[same]
    labels = [target.words(outcome.classes, one) for one in truth]
    decisions = outcome.decisions[among]
    answers = _earlier_answers(previous, ids, items, labels, target_of_bundle(previous.manifest), cores)
    meant = {answer: target.parse(outcome.classes, answer) for answer in set(answers)}
    earlier = np.array([meant[answer] for answer in answers], decisions.dtype)
    before, after = target.measure(truth, earlier), target.measure(truth, decisions)
    was_right, is_right = (int(target.right(answer, truth).sum()) for answer in (earlier, decisions))
    lost = sorted(set(previous.manifest.classes) - set(outcome.classes))
    run.events.log(
        f"Of the same {len(labels):,} validation samples, the earlier model gets {was_right:,} right, the new "
        f"one {is_right:,}."
    )
    return {
        "previous": {
            "samples": len(labels),
            "same_samples": sum(key in previous.answers for key in ids),
            "score": target.score,
            "before": before.value,
            "after": after.value,
            "new_classes": sorted(set(outcome.classes) - set(previous.manifest.classes)),
            "lost_classes": lost,
            "wins": after.is_better(before) and not lost,
        }
    }


def _earlier_answers(
    previous: Previous,
    ids: Sequence[str],
    items: Sequence[Any],
    labels: Sequence[str],
    target: Target,
    threads: int,
) -> list[str]:
    """What the earlier model answered when it was measured; what it was not measured on, it is asked now."""
    classes = previous.manifest.classes
    known = {label: target.knows(classes, label) for label in set(labels)}
    answers = [previous.answers.get(key, "") for key in ids]
    asked = [i for i, key in enumerate(ids) if key not in previous.answers and known[labels[i]]]
    if asked:
        for i, answer in zip(asked, _ask(previous, [items[i] for i in asked], target, threads), strict=True):
            answers[i] = answer
    return answers


def _ask(previous: Previous, items: Sequence[Any], target: Target, threads: int) -> list[str]:
    classifier = OnnxClassifier(previous.folder, threads)
    answers = []
    for item in items:
        try:
            given = item.read_bytes() if isinstance(item, Path) else item
            (decision,) = target.decide(classifier.predict([given]))
            answers.append(target.words(previous.manifest.classes, decision))
        except UnreadableInput:
            answers.append("")
    return answers
