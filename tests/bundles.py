"""Tiny real bundles: graphs of a few nodes that onnxruntime runs, made without torch in milliseconds.

The picture model tells red from green from blue by the mean of each channel; the text model tells by whether a
sentence holds more of the words of one class than of the other.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from training.bundle.manifest import Manifest, describe_files

COLOURS = ["red", "green", "blue"]
MOODS = ["bad", "good"]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 8L8 0"/></svg>'
_WORDS = {
    "terrible": "bad",
    "awful": "bad",
    "boring": "bad",
    "great": "good",
    "lovely": "good",
    "fun": "good",
}
_OPSET = 17


def picture(colour: str = "red", *, size: tuple[int, int] = (40, 30), format: str = "PNG") -> bytes:
    """An encoded picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format)
    return buffer.getvalue()


def image_bundle(folder: Path, classes: Sequence[str] = COLOURS, **manifest: Any) -> Path:
    """A picture bundle in `folder`; its classes beyond the third are never the likeliest."""
    weights = np.zeros((3, len(classes)), np.float32)
    for channel in range(min(3, len(classes))):
        weights[channel, channel] = 8 / 255
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])
    _write_graph(folder, nodes, pixels, {"weights": weights}, len(classes))
    preprocess = {"kind": "picture", "resize": 16, "crop": 16, "interpolation": "bilinear"}
    return _finish(folder, "imageclassification", "mobilenet_v2", classes, preprocess, "pixels", manifest)


def text_bundle(folder: Path, classes: Sequence[str] = MOODS, **manifest: Any) -> Path:
    """A text bundle in `folder`."""
    words = ["[pad]", "[unk]", *_WORDS]
    weights = np.zeros((len(words), len(classes)), np.float32)
    for index, word in enumerate(words[2:], start=2):
        weights[index, classes.index(_WORDS[word])] = 2.0
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["each"], axis=0),
        helper.make_node("ReduceSum", ["each", "axis"], ["scores"], keepdims=0),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["N", "T"])
    constants = {"weights": weights, "axis": np.array([1], np.int64)}
    _write_graph(folder, nodes, ids, constants, len(classes))
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[unk]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (folder / "tokenizer.json").write_text(tokenizer.to_str())
    preprocess = {"kind": "text", "tokenizer": "tokenizer.json", "max_length": 64}
    return _finish(folder, "textclassification", "lstm", classes, preprocess, "input_ids", manifest)


# Long enough to be read in more than one chunk.
_COMMON = bytes(range(256)) * 6000


def shared_bundle(folder: Path, classes: Sequence[str] = MOODS, **manifest: Any) -> Path:
    """A text bundle whose files for programs share most of their bytes with every other such bundle.

    Each holds its folder's name beside them, so no two are the same.
    """
    text_bundle(folder, classes)
    own = folder.name.encode()
    graph = onnx.load(folder / "model.onnx")
    common = len(graph.SerializeToString())
    graph.metadata_props.add(key="folder", value=folder.name)
    onnx.save(graph, folder / "model.onnx")
    (folder / "model.pt").write_bytes(own + _COMMON + own)
    (folder / "model.safetensors").write_bytes(b"head" + own + _COMMON[::-1])
    ranges = {
        "model.onnx": (16, common - 32),
        "model.pt": (len(own), len(_COMMON)),
        "model.safetensors": (4 + len(own), len(_COMMON)),
        "tokenizer.json": (0, (folder / "tokenizer.json").stat().st_size),
    }
    facts = json.loads((folder / "model.json").read_text())
    names = sorted({path.name for path in folder.iterdir()} - {"model.json"})
    Manifest(**(facts | manifest | {"files": describe_files(folder, names, ranges)})).write(folder)
    return folder


def _write_graph(folder: Path, nodes: list, given: Any, constants: dict[str, Any], classes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", classes])
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [given], [answer], tensors)
    opset = helper.make_opsetid("", _OPSET)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), folder / "model.onnx")


def _finish(
    folder: Path,
    task: str,
    model: str,
    classes: Sequence[str],
    preprocess: dict[str, Any],
    input_name: str,
    manifest: dict[str, Any],
) -> Path:
    (folder / "model.pt").write_bytes(b"weights for torch " * 50)
    (folder / "model.safetensors").write_bytes(b"weights " * 50)
    (folder / "accuracy.svg").write_bytes(SVG)
    (folder / "accuracy.png").write_bytes(picture())
    (folder / "report.json").write_text(json.dumps(report(classes)))
    values: dict[str, Any] = {
        "task": task,
        "model": model,
        "classes": list(classes),
        "preprocess": preprocess,
        "accuracy": 0.9,
        "accuracy_interval": [0.8, 0.95],
        "config": {},
        "created": "2026-01-02T03:04:05Z",
        "input_name": input_name,
        "files": describe_files(folder, sorted(path.name for path in folder.iterdir())),
    }
    Manifest(**(values | manifest)).write(folder)
    return folder


def report(classes: Sequence[str]) -> dict[str, Any]:
    """A report.json of 20 validation samples, all of the first class."""
    count = len(classes)
    epoch = {"epoch": 1, "train_loss": 0.5, "train_accuracy": 0.8, "val_loss": 0.4, "val_accuracy": 0.9}
    return {
        "accuracy": 0.9,
        "accuracy_interval": [0.8, 0.95],
        "majority_accuracy": 0.5,
        "train_count": 80,
        "val_count": 20,
        "best_epoch": 1,
        "epochs": [epoch | {"learning_rate": 0.01, "seconds": 1.0}],
        "confusion": [[20 if row == column == 0 else 0 for column in range(count)] for row in range(count)],
        "per_class": [
            {"label": label, "precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 10} for label in classes
        ],
        "warnings": [],
        "skipped": [{"source": "somebody's holiday.jpg", "reason": "unreadable"}],
        "seconds": {"training": 1.0},
        "device": "cpu",
    }
