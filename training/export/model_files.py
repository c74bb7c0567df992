"""The files of a bundle that hold the model: ONNX, PyTorch, safetensors, and the one that was measured."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from training.bundle import manifest as bundle
from training.bundle.sessions import open_session
from training.evaluation.outcome import Outcome
from training.export.in_pieces import serialized
from training.export.safetensors_order import put_first
from training.ground.errors import TrainingFailed
from training.restore import load_classifier

TOLERANCE = 1e-3


def write_model(folder: Path, outcome: Outcome) -> list[str]:
    """Write the model in all its forms, with what its preprocessing needs; gives the names of the files."""
    found = outcome.state(outcome.module)
    # What did not learn comes first, in an order that all models have in common.
    names = [*outcome.unlearned, *(name for name in found if name not in set(outcome.unlearned))]
    state = {name: found[name].detach().cpu().contiguous() for name in names}
    facts: dict[str, Any] = {
        "format": bundle.PT_FORMAT,
        "model": outcome.recipe.model,
        "classes": outcome.classes,
        "preprocess": outcome.preprocess.to_json(),
        "arguments": outcome.arguments,
        "target": outcome.target.name,
    }
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    graph = _answering(outcome.graph(outcome.module), outcome)
    # Whoever has this file alone knows all the same what it answers, and how inputs are made ready for it.
    onnx.helper.set_model_props(graph, {**told, "task": outcome.recipe.task})
    (folder / bundle.ONNX_FILE).write_bytes(serialized(graph))
    torch.save({**facts, "state_dict": state}, folder / bundle.TORCH_FILE)
    save_file(
        {name: tensor.clone() for name, tensor in state.items()}, folder / bundle.SAFETENSORS_FILE, told
    )
    put_first(folder / bundle.SAFETENSORS_FILE, outcome.unlearned)
    # safetensors makes its file readable by the owner alone, unlike the others.
    shutil.copymode(folder / bundle.TORCH_FILE, folder / bundle.SAFETENSORS_FILE)
    files = outcome.preprocess.files()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [bundle.ONNX_FILE, bundle.TORCH_FILE, bundle.SAFETENSORS_FILE, *files]


def write_measured(folder: Path, outcome: Outcome) -> list[str]:
    """Whoever wants to recompute the score needs the model that it was measured with."""
    if outcome.measured is None:
        return []
    if isinstance(outcome.measured, dict):
        np.savez(folder / bundle.MEASURED_TENSORS_FILE, **outcome.measured)  # type: ignore[arg-type]  # arrays, all
        return [bundle.MEASURED_TENSORS_FILE]
    graph = _answering(outcome.measured(), outcome)
    (folder / bundle.MEASURED_ONNX_FILE).write_bytes(serialized(graph))
    return [bundle.MEASURED_ONNX_FILE]


def _answering(graph: Any, outcome: Outcome) -> Any:
    """The graph of a kind, which ends with a softmax, with the last node that the target wants in its place."""
    wanted = outcome.target.activation
    for node in graph.graph.node:
        if "probabilities" in node.output and node.op_type != wanted:
            node.op_type = wanted
            del node.attribute[:]
    return graph


def check_agreement(folder: Path, outcome: Outcome) -> float:
    """The largest difference in probability between trainer, model.onnx and model.pt on the examples.

    Raises TrainingFailed when it is above 1e-3: such a bundle must not be served.
    """
    session = open_session(folder / bundle.ONNX_FILE)
    name = session.get_inputs()[0].name
    (exported,) = session.run(["probabilities"], {name: outcome.examples})
    examples = torch.from_numpy(outcome.examples)
    with torch.no_grad():
        trained = outcome.target.probabilities(outcome.module.eval()(examples)).numpy()
        loaded = load_classifier(folder / bundle.TORCH_FILE)(examples).numpy()
    worst = max(_distance(trained, exported), _distance(trained, loaded))
    if not worst <= TOLERANCE:
        raise TrainingFailed(
            "export_mismatch",
            "The exported model gives different answers from the trained one, so it was not published. "
            "Try again, or choose another model.",
        )
    return worst


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max(initial=0.0))
