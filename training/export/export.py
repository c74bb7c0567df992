"""Evaluates a trained model and writes its bundle: ONNX, PyTorch, safetensors, report and plots."""

import json
import os
import platform
import shutil
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from training.audit.audit import audit
from training.bundle import manifest as bundle
from training.bundle.manifest import Manifest
from training.bundle.onnx_classifier import open_session
from training.engine.device import choose_device, describe
from training.evaluation import plots
from training.evaluation.calibration import calibration_figures, reliability
from training.evaluation.outcome import Outcome
from training.evaluation.previous import compare
from training.evaluation.report import MAX_SKIPPED, build_report, hardest, log_loss
from training.export.examples import write_examples
from training.ground.errors import TrainingFailed
from training.ground.run import Run
from training.kinds.pictures.serving_copy import ServingCopy, make_serving_copy
from training.kinds.sentences.blended import BlendedClassifier
from training.kinds.sentences.preprocess import TOKENIZER_FILE, TextPreprocess
from training.restore import load_classifier
from training.score import Score, score_fields
from training.targets.target import Target

TOLERANCE = 1e-3
# Named before there were other scores than the accuracy; the site and the API serve them by these names.
_PLOTS = ("accuracy.svg", "accuracy.png")


def export(run: Run, outcome: Outcome) -> None:
    """Write RUN_DIR/bundle, whole or not at all, and tell the result; raises TrainingFailed."""
    run = replace(run, config=outcome.config or run.config)
    run.events.phase("exporting", 0.93, 1.0)
    folder = run.folder / "bundle.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Scaling changes layers that both models share.
    measured = _write_measured(folder, outcome)
    calibration = calibrate(outcome)
    with run.phases.time("export"):
        names = _write_model(folder, outcome, run.config.model)
    with run.phases.time("check"):
        check_agreement(folder, outcome)
    with run.phases.time("serving copy"):
        copy = make_serving_copy(run, outcome, folder) if run.machine.serving_copy else ServingCopy()
    found = {"calibration": calibration, **audit(run, outcome), **compare(run, outcome), **copy.figures}
    report = _write_report(folder, run, outcome, found)
    names += [bundle.REPORT_FILE, *_PLOTS, *measured, *copy.files]
    names += write_examples(
        folder,
        run,
        target=outcome.target,
        truth=outcome.truth,
        probabilities=outcome.probabilities,
        sources=outcome.sources,
        labels=outcome.classes,
        report=report,
    )
    _manifest(run, outcome, report, bundle.describe_files(folder, names)).write(folder)
    target = run.folder / "bundle"
    shutil.rmtree(target, ignore_errors=True)
    os.replace(folder, target)
    run.events.progress(1.0)
    run.events.result(Score.from_json(report["score"]), report["best_epoch"])


def export_early(run: Run, outcome: Outcome) -> None:
    """Write RUN_DIR/early, a bundle that can be used while the training goes on, and tell of it.

    `outcome.module` is scaled, so it must be a copy. What fails here costs the training nothing but this bundle, and
    no random numbers are drawn from the training's own.
    """
    folder, target = run.folder / "early.tmp", run.folder / "early"
    try:
        with run.phases.time("early"), torch.random.fork_rng(devices=[]):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            calibration = calibrate(outcome)
            names = _write_model(folder, outcome, run.config.model)
            check_agreement(folder, outcome)
            report = _write_report(folder, run, outcome, {"calibration": calibration, "early": True})
            files = bundle.describe_files(folder, [*names, bundle.REPORT_FILE, *_PLOTS])
            _manifest(run, outcome, report, files).write(folder)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(folder, target)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        return
    run.events.early(Score.from_json(report["score"]))


def calibrate(outcome: Outcome) -> dict[str, Any]:
    """Fold the temperature that fits the validation part into the last layer; gives the figures for the report.

    Every exported form then has the scaled probabilities, and so has `outcome.probabilities`; predictions stay.
    Where scaling would not lower the calibration error, the temperature is 1.
    """
    before, target = outcome.probabilities, outcome.target
    temperature = target.temperature(outcome.truth, before)
    if not _helps(target, outcome.truth, before, temperature):
        temperature = 1.0
    with torch.no_grad():
        for parameter in _last_layer(outcome.module):
            parameter.div_(temperature)
    outcome.probabilities = target.tempered(before, temperature)
    return calibration_figures(target, outcome.truth, before, outcome.probabilities, temperature)


def _last_layer(module: Any) -> list[torch.Tensor]:
    """What the logits are proportional to."""
    blended = isinstance(module, BlendedClassifier)
    layers = module.last_layers() if blended else [getattr(module, "head", module)]
    return [parameter for layer in layers for parameter in (layer.weight, layer.bias)]


def _helps(target: Target, truth: NDArray[np.int64], before: NDArray[np.float32], temperature: float) -> bool:
    after = target.tempered(before, temperature)
    return reliability(target, truth, after)[0] < reliability(target, truth, before)[0]


def _write_model(folder: Path, outcome: Outcome, model: str) -> list[str]:
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in outcome.state.items()}
    facts = {
        "format": bundle.PT_FORMAT,
        "model": model,
        "classes": outcome.classes,
        "preprocess": outcome.preprocess.to_json(),
        "arguments": outcome.arguments,
    }
    (folder / bundle.ONNX_FILE).write_bytes(outcome.graph().SerializeToString())
    torch.save({**facts, "state_dict": state}, folder / bundle.TORCH_FILE)
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    save_file(
        {name: tensor.clone() for name, tensor in state.items()}, folder / bundle.SAFETENSORS_FILE, told
    )
    # safetensors makes its file readable by the owner alone, unlike the others.
    shutil.copymode(folder / bundle.TORCH_FILE, folder / bundle.SAFETENSORS_FILE)
    names = [bundle.ONNX_FILE, bundle.TORCH_FILE, bundle.SAFETENSORS_FILE]
    if isinstance(outcome.preprocess, TextPreprocess):
        (folder / TOKENIZER_FILE).write_text(outcome.preprocess.tokenizer_json, encoding="utf-8")
        names.append(TOKENIZER_FILE)
    return names


def _write_measured(folder: Path, outcome: Outcome) -> list[str]:
    """Whoever wants to recompute the score needs the model that it was measured with."""
    if outcome.measured is None:
        return []
    if isinstance(outcome.measured, dict):
        np.savez(folder / bundle.MEASURED_TENSORS_FILE, **outcome.measured)  # type: ignore[arg-type]  # arrays, all
        return [bundle.MEASURED_TENSORS_FILE]
    (folder / bundle.MEASURED_ONNX_FILE).write_bytes(outcome.measured().SerializeToString())
    return [bundle.MEASURED_ONNX_FILE]


def check_agreement(folder: Path, outcome: Outcome) -> float:
    """The largest difference in probability between trainer, model.onnx and model.pt on the examples.

    Raises TrainingFailed when it is above 1e-3: such a bundle must not be served.
    """
    session = open_session(folder / bundle.ONNX_FILE)
    name = session.get_inputs()[0].name
    (exported,) = session.run(["probabilities"], {name: outcome.examples})
    examples = torch.from_numpy(outcome.examples)
    with torch.no_grad():
        trained = outcome.module.eval()(examples).softmax(1).numpy()
        loaded = load_classifier(folder / bundle.TORCH_FILE)(examples).numpy()
    worst = max(_distance(trained, exported), _distance(trained, loaded))
    if not worst <= TOLERANCE:
        raise TrainingFailed(
            "export_mismatch",
            "The exported model does not answer as the trained one does, so it was not published. "
            "Try again, or choose another model.",
        )
    return worst


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max(initial=0.0))


def _write_report(folder: Path, run: Run, outcome: Outcome, found: dict[str, Any]) -> dict[str, Any]:
    progress, target = outcome.progress, outcome.target
    report = build_report(
        target=target,
        labels=outcome.classes,
        truth=outcome.truth,
        probabilities=outcome.probabilities,
        train_count=outcome.train_count,
        epochs=progress.history,
        best_epoch=progress.best_epoch,
    )
    report |= {
        **found,
        "log_loss": round(log_loss(target, outcome.truth, outcome.probabilities), 6),
        "warnings": run.events.warnings,
        "skipped": outcome.skipped[:MAX_SKIPPED],
        "skipped_count": outcome.skipped_count,
        "deployed_train_count": outcome.deployed_count or outcome.train_count,
        "seconds": run.phases.seconds,
        "device": describe(choose_device(run.machine.device)),
        "hardest": hardest(target, outcome.truth, outcome.probabilities, outcome.sources, outcome.classes),
    }
    (folder / bundle.REPORT_FILE).write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    svg = plots.score_svg(progress.history, progress.best_epoch)
    (folder / _PLOTS[0]).write_text(svg, encoding="utf-8")
    plots.draw_score_png(folder / _PLOTS[1], progress.history, progress.best_epoch)
    return report


def _manifest(run: Run, outcome: Outcome, report: dict[str, Any], files: dict[str, Any]) -> Manifest:
    return Manifest(
        task=run.config.task,
        task_name=run.task_name,
        model=run.config.model,
        classes=outcome.classes,
        preprocess=outcome.preprocess.to_json(),
        input_name="input_ids" if isinstance(outcome.preprocess, TextPreprocess) else "pixels",
        **score_fields(Score.from_json(report["score"])),
        config=run.config.to_json() | run.machine.to_json(),
        versions={"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
    )
