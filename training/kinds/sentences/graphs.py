"""Writes the exported graphs of the text models node by node, so that no exporter's guesses are in between."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from training.kinds.sentences.blended import BlendedClassifier
from training.kinds.sentences.ngrams import NORM, NGramClassifier
from training.kinds.sentences.recurrent import RecurrentClassifier, RecurrentEnsemble

OPSET = 17
_IR_VERSION = 8
_INT64_MIN = -(2**63)


class Graph:
    """Collects nodes and constants; `add` gives the name of a node's first output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def add(
        self, operator: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any
    ) -> str:
        """Append a node; its further outputs are called like the first with .1, .2 behind."""
        first = name or f"{operator.lower()}_{len(self.nodes)}"
        names = [first] + [f"{first}.{number}" for number in range(1, outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return first

    def constant(self, value: NDArray[Any] | Sequence[int] | float | int, name: str | None = None) -> str:
        """A tensor stored in the graph; whole numbers become int64, others float32."""
        array = np.asarray(value)
        if array.dtype.kind in "iu":
            array = array.astype(np.int64)
        elif array.dtype.kind == "f":
            array = array.astype(np.float32)
        name = name or f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def constant16(self, value: NDArray[np.float16]) -> str:
        """A tensor of floats of 16 bits, which a node must cast."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def model(self, inputs: Sequence[Any], classes: int, producer: str) -> onnx.ModelProto:
        """The finished model with the output `probabilities` float32 [B, C]."""
        output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", classes])
        graph = helper.make_graph(self.nodes, producer, list(inputs), [output], list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="flash")


def ids_input() -> Any:
    """Token ids int64 [B, T]."""
    return helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])


def ngram_graph(model: NGramClassifier) -> onnx.ModelProto:
    """`NGramClassifier` followed by softmax."""
    graph = Graph()
    graph.add("Softmax", ngram_logits(graph, model), axis=1, name="probabilities")
    return graph.model([ids_input()], model.bias.numel(), "bag_of_ngrams")


def blended_graph(model: BlendedClassifier) -> onnx.ModelProto:
    """`BlendedClassifier` followed by softmax."""
    graph = Graph()
    bounds = (graph.constant([bound]) for bound in (0, model.length, 1))
    read = graph.add("Slice", "input_ids", *bounds)
    recurrent = _ensemble_logits(graph, model.recurrent, read)
    logits = graph.add("Add", recurrent, ngram_logits(graph, model.ngrams))
    graph.add("Softmax", logits, axis=1, name="probabilities")
    return graph.model([ids_input()], model.ngrams.bias.numel(), model.recurrent.members[0].kind)


def ngram_logits(graph: Graph, model: NGramClassifier) -> str:
    """The output of `NGramClassifier`: keys by integer arithmetic, rows by binary search."""
    keys = model.keys.numpy()
    keys_name = graph.constant(keys, "keys")
    wanted = _ngram_keys(graph, model.base, model.order)
    rows = _binary_search(graph, keys_name, len(keys), wanted)
    hit = graph.add("Equal", graph.add("Gather", keys_name, rows), wanted)
    idf = graph.add("Gather", graph.constant(model.idf.numpy(), "idf"), rows)
    values = graph.add("Mul", idf, graph.add("Cast", hit, to=TensorProto.FLOAT))
    squares = graph.add("ReduceSum", graph.add("Mul", values, values), graph.constant([1]), keepdims=1)
    norm = graph.add("Max", graph.add("Sqrt", squares), graph.constant(1e-6))
    scaled = graph.add("Mul", graph.add("Div", values, norm), graph.constant(NORM))
    weights = graph.add("Gather", graph.constant(_array(model.weight), "weight"), rows)
    row = graph.add("Unsqueeze", scaled, graph.constant([1]))
    summed = graph.add("Squeeze", graph.add("MatMul", row, weights), graph.constant([1]))
    return graph.add("Add", summed, graph.constant(_array(model.bias), "bias"))


def _ngram_keys(graph: Graph, base: int, order: int) -> str:
    """Keys [B, T + (T-1) + ...]; padding on the right by one zero a length keeps short sentences in range."""
    current, found = "input_ids", ["input_ids"]
    zero, one, end = graph.constant([0]), graph.constant([1]), graph.constant([2**31])
    last_but_one = graph.constant([-1])
    following = "input_ids"
    for _ in range(2, order + 1):
        following = graph.add("Slice", following, one, end, one)
        head = graph.add("Slice", current, zero, last_but_one, one)
        joined = graph.add("Add", graph.add("Mul", head, graph.constant(base)), following)
        whole = graph.add(
            "Cast", graph.add("Not", graph.add("Equal", following, graph.constant(0))), to=TensorProto.INT64
        )
        current = graph.add("Mul", joined, whole)
        found.append(current)
    return graph.add("Concat", *found, axis=1) if len(found) > 1 else graph.add("Identity", "input_ids")


def _binary_search(graph: Graph, keys: str, count: int, wanted: str) -> str:
    """The last row whose key is not above the wanted one (0 if there is none), by log2(count) halvings."""
    low = graph.add("Mul", wanted, graph.constant(0))
    step = 1 << max(count - 1, 0).bit_length()
    highest = graph.constant(count - 1)
    while step := step // 2:
        tried = graph.add("Add", low, graph.constant(step))
        inside = graph.add("Min", tried, highest)
        fits = graph.add("LessOrEqual", graph.add("Gather", keys, inside), wanted)
        low = graph.add("Where", fits, inside, low)
    return low


def recurrent_graph(model: RecurrentEnsemble) -> onnx.ModelProto:
    """`RecurrentEnsemble` followed by softmax."""
    graph = Graph()
    graph.add("Softmax", _ensemble_logits(graph, model, "input_ids"), axis=1, name="probabilities")
    return graph.model([ids_input()], model.members[0].head.out_features, model.members[0].kind)


def _ensemble_logits(graph: Graph, model: RecurrentEnsemble, input_ids: str) -> str:
    each = [
        _recurrent_logits(graph, member, input_ids, f"network{number}_")
        for number, member in enumerate(model.members)
    ]
    return graph.add("Mean", *each)


def _recurrent_logits(graph: Graph, model: RecurrentClassifier, input_ids: str, prefix: str) -> str:
    """ONNX's own sequence lengths stand in place of the padding flag."""
    zero = graph.constant(0)
    present = graph.add("Not", graph.add("Equal", input_ids, zero))
    mask = graph.add("Cast", present, to=TensorProto.FLOAT)
    lengths = graph.add("ReduceSum", mask, graph.constant([1]), keepdims=0)
    lengths32 = graph.add("Cast", lengths, to=TensorProto.INT32)
    embedded = graph.add(
        "Gather", graph.constant(_array(model.embedding.weight), f"{prefix}embedding"), input_ids
    )
    states = graph.add("Transpose", embedded, perm=[1, 0, 2])
    for number, layer in enumerate(model.layers):
        weights = [
            graph.constant(array, f"{prefix}layer{number}_{i}")
            for i, array in enumerate(_onnx_weights(model, layer))
        ]
        extra: dict[str, Any] = {"linear_before_reset": 1} if model.kind == "gru" else {}
        out = graph.add(
            model.kind.upper(),
            *(states, *weights, lengths32),
            outputs=1,
            hidden_size=model.hidden,
            direction="bidirectional",
            **extra,
        )
        # [T, 2, B, H] -> [T, B, 2H]
        turned = graph.add("Transpose", out, perm=[0, 2, 1, 3])
        states = graph.add("Reshape", turned, graph.constant([0, 0, 2 * model.hidden]))
    by_sentence = graph.add("Transpose", states, perm=[1, 0, 2])
    mask3 = graph.add("Unsqueeze", mask, graph.constant([2]))
    masked = graph.add("Mul", by_sentence, mask3)
    lowered = graph.add("Mul", graph.add("Sub", mask3, graph.constant(1.0)), graph.constant(10.0))
    highest = graph.add("ReduceMax", graph.add("Add", masked, lowered), axes=[1], keepdims=0)
    total = graph.add("ReduceSum", masked, graph.constant([1]), keepdims=0)
    mean = graph.add("Div", total, graph.add("Unsqueeze", lengths, graph.constant([1])))
    pooled = graph.add("Concat", highest, mean, axis=1)
    head = (
        graph.constant(_array(model.head.weight), f"{prefix}head"),
        graph.constant(_array(model.head.bias), f"{prefix}head_bias"),
    )
    return graph.add("Gemm", pooled, *head, transB=1)


def _onnx_weights(model: RecurrentClassifier, layer: Any) -> list[NDArray[np.float32]]:
    """W [2, gH, in], R [2, gH, H], B [2, 2gH] with the gates in ONNX's order; the padding flag is left out."""
    # PyTorch: input forget cell output; reset update new. ONNX: input output forget cell; update reset hidden.
    order = (0, 3, 1, 2) if model.kind == "lstm" else (1, 0, 2)

    def gates(name: str, suffix: str) -> Tensor:
        parts = getattr(layer, f"{name}_{suffix}").detach().cpu().float().chunk(len(order))
        return torch.cat([parts[i] for i in order])

    suffixes = ("l0", "l0_reverse")
    inputs = torch.stack([gates("weight_ih", s)[:, :-1] for s in suffixes])
    states = torch.stack([gates("weight_hh", s) for s in suffixes])
    biases = torch.stack([torch.cat([gates("bias_ih", s), gates("bias_hh", s)]) for s in suffixes])
    return [inputs.numpy(), states.numpy(), biases.numpy()]


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().float().numpy()
