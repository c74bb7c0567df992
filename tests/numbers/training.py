"""Reads tables of two columns of numbers and trains a line between their classes."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from tests.numbers.preprocess import Preprocess
from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.linear import DenseFeatures, Labelled, Linear, fit_linear
from training.evaluation.outcome import Early, Outcome
from training.evaluation.parts import choose_parts
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import ContentIds, Parts, Samples, check_classes, labelled


class Line(nn.Module):
    """Logits [B, C] of numbers [B, 2]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(2, classes)

    def forward(self, numbers: Tensor) -> Tensor:
        found: Tensor = self.head(numbers)
        return found

    def last_layers(self) -> list[nn.Linear]:
        return [self.head]


def read(folder: Path) -> Samples[str]:
    with (folder / "data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [f"{row['x']} {row['y']}" for row in rows]
    places = [f"row {number}" for number in range(2, len(rows) + 2)]
    digest = ContentIds[str](lambda text: hashlib.sha256(text.encode()).hexdigest())
    return labelled(texts, places, [row["label"] for row in rows], digest, str)


def fit(
    recipe: Recipe,
    samples: Samples[str],
    run: Run,
    *,
    parts: Parts | None,
    prepared: Prepared,
    previous: Any,
    early: Early,
) -> Outcome:
    check_classes(samples, "pairs", run.events)
    numbers = prepared.once("numbers", lambda: _numbers(samples))
    parts = parts or choose_parts(samples, recipe, previous, run.machine.cores)
    run.events.phase("training", 0.05, 0.93)
    model, linear = Line(len(samples.classes)), Linear(2, len(samples.classes))
    labels = torch.from_numpy(samples.labels)
    train, validation = (Labelled(DenseFeatures(numbers[part]), labels[part]) for part in parts)
    progress = fit_linear(
        linear,
        train,
        validation,
        penalty=1e-3,
        config=recipe,
        events=run.events,
        control=run.control,
        checkpoint=Checkpoint(run.folder / "checkpoint", fingerprint(recipe, len(labels)), run.events),
    )
    with torch.no_grad():
        model.head.weight.copy_(linear.weight.T)
        model.head.bias.copy_(linear.bias)
        probabilities = model(numbers[parts[1]]).softmax(1).numpy()
    return Outcome(
        recipe=recipe,
        samples=samples,
        parts=parts,
        preprocess=Preprocess(),
        module=model,
        state=Line.state_dict,
        arguments={},
        graph=_graph,
        examples=numbers[parts[1][:4]].numpy(),
        progress=progress,
        probabilities=probabilities,
    )


def restored(saved: dict[str, Any]) -> Line:
    model = Line(len(saved["classes"]))
    model.load_state_dict(saved["state_dict"])
    return model


def _numbers(samples: Samples[str]) -> Tensor:
    rows = [batch[0] for _, batch in Preprocess().batches(samples.items, 1)]
    return torch.from_numpy(np.stack(rows))


def _graph(model: Line) -> Any:
    weights = [
        numpy_helper.from_array(tensor.detach().numpy(), name)
        for name, tensor in model.head.named_parameters()
    ]
    nodes = [
        helper.make_node("Gemm", ["numbers", "weight", "bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    given = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["batch", 2])
    classes = model.head.out_features
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", classes])
    graph = helper.make_graph(nodes, "line", [given], [answer], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
