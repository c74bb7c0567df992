"""Writes the bundle of a trained model, with everything that judges it."""

import os
import platform
import shutil
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.audit.audit import audit
from training.bundle import manifest as bundle
from training.bundle.manifest import Manifest
from training.bundle.previous import Previous
from training.evaluation.collect import collect_figures
from training.evaluation.comparison import compare
from training.evaluation.outcome import Outcome
from training.evaluation.outside import outside_figures
from training.evaluation.sources import source_figures, tell_sources
from training.evaluation.traits import trait_figures
from training.export.calibrated import calibrate
from training.export.examples import write_examples
from training.export.held_out import measure_test, said_of
from training.export.model_files import check_agreement, write_measured, write_model
from training.export.report_files import PLOTS, write_report
from training.export.shared_ranges import shared_ranges
from training.ground.run import Run
from training.ground.samples import Samples
from training.kinds import kind_of, load
from training.score import Score, score_fields


def export(
    outcome: Outcome,
    run: Run,
    *,
    task_name: str,
    previous: Previous | None = None,
    test: Samples[Any] | None = None,
    found: Mapping[str, Any] | None = None,
) -> None:
    """Write RUN_DIR/bundle, whole or not at all, and tell the result; raises TrainingFailed.

    `test` is the part that nobody has looked at so far, `found` what report.json tells besides.
    """
    run.events.phase("exporting", 0.93, 1.0)
    folder = run.folder / "bundle.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = write_measured(folder, outcome)
    outcome, calibration = calibrate(outcome)
    with run.phases.time("export"):
        names += write_model(folder, outcome)
    with run.phases.time("check"):
        check_agreement(folder, outcome)
    copied = _serving_copy(folder, outcome, run)
    told = {
        **(found or {}),
        "calibration": calibration,
        **audit(outcome, run),
        **outside_figures(outcome, run),
    }
    told |= {
        **compare(outcome, previous, run, partial(said_of, folder, outcome, run)),
        **copied,
        **collect_figures(outcome, run),
    }
    told |= trait_figures(outcome, run)
    figures = source_figures(outcome)
    tell_sources(outcome, figures, run.events)
    told |= figures | measure_test(folder, outcome, test, run)
    if copied.get("serving_copy", {}).get("kept"):
        names.append(bundle.SERVING_COPY_FILE)
    report = write_report(folder, outcome, run, told)
    with run.phases.time("export"):
        names += _write_marks(folder, outcome, previous)
    names += [bundle.REPORT_FILE, *PLOTS, *write_examples(folder, outcome, run, report)]
    files = bundle.describe_files(folder, names, shared_ranges(folder, outcome))
    _manifest(outcome, run, task_name, report, files).write(folder)
    _put(folder, run.folder / "bundle")
    run.events.progress(1.0)
    run.events.result(Score.from_json(report["score"]), report["best_epoch"])


def export_early(outcome: Outcome, run: Run, *, task_name: str, test: Samples[Any] | None = None) -> None:
    """Write RUN_DIR/early, a bundle that can be used while the training goes on, and tell of it.

    What fails here costs the training nothing but this bundle, and no random numbers are drawn from the training's own.
    Its figure on `test` is told because it may be the model that stays; nothing is chosen by it.
    """
    folder = run.folder / "early.tmp"
    try:
        with run.phases.time("early"), torch.random.fork_rng(devices=[]):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            outcome, calibration = calibrate(outcome)
            names = write_model(folder, outcome)
            check_agreement(folder, outcome)
            found = {
                "calibration": calibration,
                "early": True,
                **source_figures(outcome),
                **measure_test(folder, outcome, test, run),
            }
            report = write_report(folder, outcome, run, found)
            names += [bundle.REPORT_FILE, *PLOTS]
            files = bundle.describe_files(folder, names, shared_ranges(folder, outcome))
            _manifest(outcome, run, task_name, report, files).write(folder)
            _put(folder, run.folder / "early")
    except Exception:
        traceback.print_exc(file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        return
    run.events.early(Score.from_json(report["score"]))


def _write_marks(folder: Path, outcome: Outcome, previous: Previous | None) -> list[str]:
    """What is needed to find the samples again in a file that the model is measured on later, and those before."""
    if outcome.evidence is None:
        return []
    try:
        marks: dict[str, Any] = outcome.evidence.marks()
        earlier = previous.marks() if previous else {}
        marks |= {
            name: np.concatenate([marks[name], earlier[name]]) for name in marks.keys() & earlier.keys()
        }
        np.savez_compressed(folder / bundle.MARKS_FILE, **marks)
    except Exception:  # without them less can be told, but the model is as good
        traceback.print_exc(file=sys.stderr)
        (folder / bundle.MARKS_FILE).unlink(missing_ok=True)
        return []
    return [bundle.MARKS_FILE]


def _put(folder: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    os.replace(folder, target)


def _serving_copy(folder: Path, outcome: Outcome, run: Run) -> dict[str, Any]:
    """Figures of a smaller copy for the web, where one is wanted and this kind of task has such a thing."""
    make = kind_of(outcome.recipe.task).serving_copy
    if not make or not run.machine.serving_copy:
        return {}
    with run.phases.time("serving copy"):
        figures = load(make)(folder, outcome, run)
    return {"serving_copy": figures} if figures else {}


def _outside(report: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = report.get("outside") or {}
    return found if "threshold" in found else None


def _manifest(
    outcome: Outcome, run: Run, task_name: str, report: dict[str, Any], files: dict[str, Any]
) -> Manifest:
    recipe, test = outcome.recipe, report.get("test")
    return Manifest(
        task=recipe.task,
        task_name=task_name,
        model=recipe.model,
        classes=outcome.classes,
        preprocess=outcome.preprocess.to_json(),
        input_name=kind_of(recipe.task).input_name,
        **score_fields(Score.from_json(report["score"])),
        test={name: test[name] for name in ("score", "count")} if test else None,
        outside=_outside(report),
        target=recipe.target,
        thresholds=None if outcome.target.answers_one else [row["threshold"] for row in report["per_class"]],
        config=recipe.to_json() | run.machine.to_json(),
        versions={"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
    )
