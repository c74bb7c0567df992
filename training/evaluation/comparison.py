"""Both models on the same validation part, where a training continued from an earlier one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.preprocessing import UnreadableInput
from training.bundle.previous import Previous
from training.evaluation.gate import Gate, chance_of_loss, flips, most_lost
from training.evaluation.outcome import Outcome
from training.evaluation.report import MAX_SOURCE
from training.ground.run import Run
from training.targets.of_bundle import target_of_bundle
from training.targets.target import Target

# Why a new model does not take over.
LOST_CLASSES, MUST_PASS, LOWER, CLASS_LOSS = "lost_classes", "must_pass", "lower", "class_loss"


def compare(
    outcome: Outcome, previous: Previous | None, run: Run, answer: Callable[[Sequence[Any]], list[str]]
) -> dict[str, Any]:
    """`previous` of report.json: both models on the same validation part; {} when nothing is continued.

    `wins` needs a score that is not lower, every class that the earlier model knows, no class whose recall falls by
    more than the owner lets it, and all of the owner's examples that must pass (`training.evaluation.gate`). `answer`
    says what the new model, as it was exported, answers about such items; "" of what it cannot read.
    """
    if previous is None:
        return {}
    # The earlier model has learned from the others, unless it was measured in folds.
    same = outcome.measured_on if previous.in_folds else outcome.parts[1]
    cores, among = run.machine.cores, np.searchsorted(outcome.measured_on, same)
    ids = outcome.samples.ids(same, cores)
    items = [outcome.samples.items[i] for i in same]
    target, truth = outcome.target, outcome.samples.labels[same]
    sources = None if outcome.sources is None else outcome.sources[same]
    labels = [target.words(outcome.classes, one) for one in truth]
    decisions = outcome.decisions[among]
    answers = _earlier_answers(previous, ids, items, labels, target_of_bundle(previous.manifest), cores)
    meant = {answer: target.parse(outcome.classes, answer) for answer in set(answers)}
    earlier = np.array([meant[answer] for answer in answers], decisions.dtype)
    before, after = target.measure(truth, earlier), target.measure(truth, decisions)
    was_right, is_right = (target.right(some, truth) for some in (earlier, decisions))
    lost = sorted(set(previous.manifest.classes) - set(outcome.classes))
    gate = Gate.of(previous.folder)
    kept = [name for name in previous.manifest.classes if name in outcome.classes]
    class_loss = most_lost(outcome.classes, kept, truth, earlier, decisions)
    failed = _failed(gate, answer)
    refused = _refused(gate, before.is_better(after), lost, class_loss, failed)
    run.events.log(
        f"Of the same {len(labels):,} validation samples, the earlier model gets {was_right.sum():,} right, the new "
        f"one {is_right.sum():,}."
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
            "chance_of_loss": round(chance_of_loss(was_right, is_right, sources), 4),
            "most_lost": class_loss,
            "must_pass": len(gate.must_pass),
            "must_pass_failed": failed,
            "flips": flips(
                target,
                outcome.classes,
                truth,
                earlier,
                decisions,
                lambda i: outcome.samples.shown(int(same[i])),
            ),
            "refused": refused,
            "wins": not refused,
        }
    }


def _failed(gate: Gate, answer: Callable[[Sequence[Any]], list[str]]) -> list[dict[str, str]]:
    """The owner's examples that the new model answers with another label, or cannot read."""
    said = answer([item for item, _ in gate.must_pass]) if gate.must_pass else []
    return [
        {
            "example": item[:MAX_SOURCE] if isinstance(item, str) else str(number),
            "label": label,
            "answer": given,
        }
        for number, ((item, label), given) in enumerate(zip(gate.must_pass, said, strict=True), start=1)
        if given != label
    ]


def _refused(
    gate: Gate,
    is_lower: bool,
    lost: list[str],
    class_loss: dict[str, Any] | None,
    failed: list[dict[str, str]],
) -> str:
    """Why the new model does not take the place of the earlier one, in a word; "" where it does."""
    if lost:
        return LOST_CLASSES
    if failed:
        return MUST_PASS
    if is_lower:
        return LOWER
    most = gate.most_class_loss
    return CLASS_LOSS if class_loss and most is not None and class_loss["loss"] > most else ""


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
