"""report.json and the plots."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from training.bundle.manifest import REPORT_FILE
from training.engine.device import choose_device, describe
from training.evaluation import plots
from training.evaluation.intervals import foreseen
from training.evaluation.ordered import ordered_figures
from training.evaluation.outcome import Outcome
from training.evaluation.report import MAX_SKIPPED, build_report, hardest, log_loss
from training.ground.run import Run
from training.ground.source_words import few_words
from training.kinds import kind_of
from training.score import Score, score_fields

# Named before there were other scores than the accuracy; the site and the API serve them by these names.
PLOTS = ("accuracy.svg", "accuracy.png")


def write_report(folder: Path, outcome: Outcome, run: Run, found: dict[str, Any]) -> dict[str, Any]:
    """Write report.json, with what was `found` besides, and the plots; gives what report.json holds."""
    progress, target = outcome.progress, outcome.target
    report = build_report(
        target=target,
        labels=outcome.classes,
        truth=outcome.truth,
        probabilities=outcome.probabilities,
        train_count=outcome.train_count,
        epochs=progress.history,
        best_epoch=progress.best_epoch,
        decisions=outcome.decisions,
    )
    if outcome.recipe.ordered and target.answers_one:
        report |= ordered_figures(outcome.classes, outcome.truth, outcome.decisions)
    measured = Score.from_json(report["score"]).lowered(outcome.optimism)
    right = target.right(outcome.decisions, outcome.truth)
    in_folds = outcome.folds is not None
    score = foreseen(measured, right, outcome.measured_sources, in_folds=in_folds)
    if measured.interval and not score.interval:
        found |= _too_few(outcome, run)
    report |= {
        **score_fields(score.rounded()),
        **found,
        "log_loss": round(log_loss(target, outcome.truth, outcome.probabilities), 6),
        "warnings": run.events.warnings,
        "skipped": list(outcome.skipped[:MAX_SKIPPED]),
        "skipped_count": len(outcome.skipped),
        "deployed_train_count": outcome.deployed_count or outcome.train_count,
        "seconds": run.phases.seconds,
        "device": describe(choose_device(run.machine.device)),
        "hardest": hardest(
            target,
            outcome.truth,
            outcome.probabilities,
            outcome.shown,
            outcome.classes,
            decisions=outcome.decisions,
        ),
    }
    if in_folds:
        report["folds"] = _folds(outcome)
    (folder / REPORT_FILE).write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    svg = plots.score_svg(progress.history, progress.best_epoch)
    (folder / PLOTS[0]).write_text(svg, encoding="utf-8")
    plots.draw_score_png(folder / PLOTS[1], progress.history, progress.best_epoch)
    return report


def _folds(outcome: Outcome) -> dict[str, Any]:
    """`folds` of report.json."""
    target, first = outcome.target, outcome.parts[1]
    truth = outcome.samples.labels[first]
    probabilities = outcome.probabilities[np.searchsorted(outcome.measured_on, first)]
    score = target.measure(truth, target.decide(probabilities))
    return {
        "count": outcome.fold_count,
        "samples": len(outcome.measured_on),
        "of": sum(map(len, outcome.parts)),
        "first": {
            "score": {"name": score.name, "value": round(score.value, 6)},
            "log_loss": round(log_loss(target, truth, probabilities), 6),
            "count": len(first),
        },
    }


def _too_few(outcome: Outcome, run: Run) -> dict[str, Any]:
    """`too_few_sources` of report.json, and a warning."""
    samples, sources = len(outcome.truth), outcome.measured_sources
    count = samples if sources is None else len(np.unique(sources))
    words = kind_of(outcome.recipe.task).words
    run.events.warning(few_words(count, samples, outcome.target.score, words.sample, words.samples))
    return {"too_few_sources": count}
