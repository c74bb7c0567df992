"""Reads pairs, fits a line with what the engine has, and builds the model again."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from tests.whole.numbers_kind.preprocess import Pairs
from training.engine.checkpoint import Checkpoint, fingerprint
from training.engine.linear import DenseFeatures, Labelled, Linear, fit_linear
from training.evaluation.outcome import Outcome
from training.evaluation.parts import choose_parts
from training.ground.recipe import Recipe
from training.ground.run import Run
from training.ground.samples import ContentIds, Samples, check_classes, labelled
from training.targets.target import target_of

Pair = tuple[float, float]


class Line(nn.Module):
    """Logits of pairs, float32 [N, 2]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(2, classes)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("scale", torch.ones(2))

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        return self.layer((pairs - self.mean) / self.scale)

    def last_layers(self) -> list[nn.Linear]:
        return [self.layer]


def read(folder: Path) -> Samples[Pair]:
    with (folder / "pairs.csv").open(newline="") as file:
        rows = [(float(x), float(y), label) for x, y, label in csv.reader(file)]
    places = [f"row {number}" for number in range(2, len(rows) + 2)]
    pairs = [(x, y) for x, y, _ in rows]
    return labelled(pairs, places, [label for *_, label in rows], ContentIds(digest), str)


def digest(pair: Pair) -> str:
    return hashlib.sha256(f"{pair[0]},{pair[1]}".encode()).hexdigest()


def fit(
    recipe: Recipe, samples: Samples[Pair], run: Run, *, parts: Any, previous: Any, **more: Any
) -> Outcome:
    check_classes(samples, "pairs", run.events)
    chosen = parts or choose_parts(samples, recipe, previous, run.machine.cores)
    numbers = torch.tensor(samples.items, dtype=torch.float32)
    model = Line(len(samples.classes))
    model.mean.copy_(numbers[chosen[0]].mean(0))
    model.scale.copy_(numbers[chosen[0]].std(0).clamp(min=1e-6))
    target = target_of(recipe.task, recipe.target)
    features = (numbers - model.mean) / model.scale
    train, validation = (
        Labelled(DenseFeatures(features[part]), torch.from_numpy(samples.labels[part]), target)
        for part in chosen
    )
    linear = Linear(2, len(samples.classes))
    run.events.phase("training", 0.1, 0.93)
    progress = fit_linear(
        linear,
        train,
        validation,
        penalty=0.01,
        config=recipe,
        events=run.events,
        control=run.control,
        checkpoint=Checkpoint(run.folder / "checkpoint", fingerprint(recipe), run.events),
    )
    with torch.no_grad():
        model.layer.weight.copy_(linear.weight.T)
        model.layer.bias.copy_(linear.bias)
        probabilities = target.probabilities(model(numbers[chosen[1]])).numpy()
    return Outcome(
        recipe=recipe,
        target=target,
        samples=samples,
        parts=chosen,
        preprocess=Pairs(),
        module=model,
        state=Line.state_dict,
        arguments={"classes": len(samples.classes)},
        graph=graph,
        examples=np.array([samples.items[i] for i in chosen[1][:8]], np.float32),
        progress=progress,
        probabilities=probabilities,
    )


def graph(model: Any) -> onnx.ModelProto:
    constants = {
        "mean": model.mean,
        "scale": model.scale,
        "weight": model.layer.weight,
        "bias": model.layer.bias,
    }
    nodes = [
        helper.make_node("Sub", ["numbers", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("Gemm", ["scaled", "weight", "bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    taken = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["batch", 2])
    given = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["batch", model.layer.out_features]
    )
    stored = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in constants.items()]
    whole = helper.make_graph(nodes, "line", [taken], [given], stored)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def restore(saved: dict[str, Any]) -> nn.Module:
    model = Line(**saved["arguments"])
    model.load_state_dict(saved["state_dict"])
    return model
