"""Writes an encoder as ONNX nodes, like the other graphs of sentences."""

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto
from torch import Tensor

from training.bundle.shared_layers import OWN_WORDS, SHARED_STATES
from training.kinds.sentences.encoders.bert import Bert, BertLayer
from training.kinds.sentences.encoders.classifier import EncoderClassifier
from training.kinds.sentences.encoders.nearness import LEAST
from training.kinds.sentences.graphs import Graph, ids_input, ngram_logits

# What a token that is not there adds to the score of attention; its share is then 0.
_ABSENT = -1e4
# As torch's normalize.
_SHORTEST = 1e-12


def encoder_graph(model: EncoderClassifier) -> onnx.ModelProto:
    """`EncoderClassifier` followed by softmax."""
    graph = Graph()
    text = _pooled(graph, model)
    encoded = _linear(graph, text, model.head)
    logits = graph.add("Add", encoded, ngram_logits(graph, model.ngrams))
    if model.centres is not None:
        logits = graph.add("Mul", logits, _nearness(graph, text, model.centres))
    graph.add("Softmax", logits, axis=1, name="probabilities")
    return graph.model([ids_input()], model.head.out_features, "encoder")


def _pooled(graph: Graph, model: EncoderClassifier) -> str:
    encoder, read = model.encoder, _Read(graph, model)
    states = _embedded(graph, encoder, read)
    if encoder.shape.own_words and model.kept:
        states, read = graph.add("Identity", states, name=OWN_WORDS), _Read(graph, model)
    for number, layer in enumerate((*encoder.layers, None)):
        if number == model.kept:
            # Nothing that is above may need anything else of what is below.
            states, read = graph.add("Identity", states, name=SHARED_STATES), _Read(graph, model)
        if layer is not None:
            states = _layer(graph, states, read.mask, layer, encoder.shape.heads)
    if encoder.shape.pooling == "first":
        return graph.add(
            "Squeeze", graph.add("Gather", states, graph.constant([0]), axis=1), graph.constant([1])
        )
    there = graph.add("Unsqueeze", read.there, graph.constant([2]))
    summed = graph.add("ReduceSum", graph.add("Mul", states, there), graph.constant([1]), keepdims=0)
    count = graph.add("ReduceSum", there, graph.constant([1]), keepdims=0)
    if read.belongs is not None:
        summed, count = (graph.add("MatMul", read.belongs, value) for value in (summed, count))
    return graph.add("Div", summed, count)


class _Read:
    """The tokens that the encoder reads: their `ids`, 1.0 where one is `there`, and a `mask` for the scores.

    Where it reads more than a window, these are of all windows [M, T] with a token, and `belongs` [B, M] tells with 1.0
    which are of each text.
    """

    def __init__(self, graph: Graph, model: EncoderClassifier) -> None:
        bounds = (graph.constant([bound]) for bound in (0, model.length, 1))
        self.ids, self.belongs = graph.add("Slice", "input_ids", *bounds), None
        if model.length > model.window:
            self.ids, self.belongs = _windows(graph, self.ids, model.window)
        self.there = _there(graph, self.ids)
        absent = graph.add("Sub", graph.constant(1.0), self.there)
        scores = graph.add("Mul", absent, graph.constant(_ABSENT))
        self.mask = graph.add("Unsqueeze", scores, graph.constant([1, 2]))


def _there(graph: Graph, ids: str) -> str:
    padding = graph.add("Equal", ids, graph.constant(0))
    return graph.add("Cast", graph.add("Not", padding), to=TensorProto.FLOAT)


def _windows(graph: Graph, ids: str, window: int) -> tuple[str, str]:
    """`windows_of`; where no text is longer than a window, the windows are the texts as they came."""
    zero, one, two = (graph.constant([value]) for value in (0, 1, 2))
    shape = graph.add("Shape", ids)
    count, length = graph.add("Slice", shape, zero, one), graph.add("Slice", shape, one, two)
    size = graph.add("Min", length, graph.constant([window]))
    each = graph.add("Div", graph.add("Add", length, graph.constant([window - 1])), graph.constant([window]))
    missing = graph.add("Sub", graph.add("Mul", each, size), length)
    padded = graph.add("Pad", ids, graph.add("Concat", graph.constant([0, 0, 0]), missing, axis=0))
    windows = graph.add("Reshape", padded, graph.add("Concat", graph.constant([-1]), size, axis=0))
    most = graph.add("ReduceMax", _there(graph, windows), axes=[1], keepdims=0)
    kept = graph.add("Squeeze", graph.add("NonZero", most), zero)
    texts = graph.add("Range", *(graph.add("Squeeze", value, zero) for value in (zero, count, one)))
    own = graph.add(
        "Equal",
        graph.add("Unsqueeze", texts, one),
        graph.add("Unsqueeze", graph.add("Div", kept, each), zero),
    )
    return graph.add("Gather", windows, kept), graph.add("Cast", own, to=TensorProto.FLOAT)


def _embedded(graph: Graph, encoder: Bert, read: _Read) -> str:
    length = graph.add("Slice", graph.add("Shape", read.ids), *(graph.constant([at]) for at in (1, 2, 0)))
    table, zero = graph.constant(_array(encoder.places.weight)), graph.constant([0])
    places = graph.add("Slice", table, zero, length, zero)
    words = _looked_up(graph, _array(encoder.words.weight), read.ids)
    return _norm(graph, graph.add("Add", words, places), encoder.norm)


def _nearness(graph: Graph, text: str, centres: Tensor) -> str:
    """`nearness`; products of a few hundred directions at most take no time beside the encoder's."""
    squares = graph.add("ReduceSum", graph.add("Mul", text, text), graph.constant([1]), keepdims=1)
    length = graph.add("Max", graph.add("Sqrt", squares), graph.constant(_SHORTEST))
    cosines = graph.add("MatMul", graph.add("Div", text, length), _stored(graph, _array(centres).T))
    return graph.add("Max", graph.add("ReduceMax", cosines, axes=[1], keepdims=1), graph.constant(LEAST))


def _layer(graph: Graph, states: str, mask: str, layer: BertLayer, heads: int) -> str:
    width = layer.attended.in_features
    split = graph.constant([0, 0, heads, width // heads])
    weights, biases = (
        np.split(_array(value), 3) for value in (layer.query_key_value.weight, layer.query_key_value.bias)
    )
    parts = []
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        found = _affine(graph, states, weight, bias)
        perm = [0, 2, 3, 1] if number == 1 else [0, 2, 1, 3]
        parts.append(graph.add("Transpose", graph.add("Reshape", found, split), perm=perm))
    query, key, value = parts
    query = graph.add("Div", query, graph.constant(math.sqrt(width // heads)))
    scores = graph.add("Add", graph.add("MatMul", query, key), mask)
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    joined = graph.add(
        "Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), graph.constant([0, 0, width])
    )
    states = _norm(
        graph, graph.add("Add", _linear(graph, joined, layer.attended), states), layer.attended_norm
    )
    inner = _gelu(graph, _linear(graph, states, layer.inner))
    return _norm(graph, graph.add("Add", _linear(graph, inner, layer.outer), states), layer.outer_norm)


def _gelu(graph: Graph, values: str) -> str:
    """x / 2 * (1 + erf(x / sqrt 2)), in the form that runtimes know and fuse."""
    bent = graph.add("Erf", graph.add("Div", values, graph.constant(math.sqrt(2))))
    doubled = graph.add("Mul", values, graph.add("Add", bent, graph.constant(1.0)))
    return graph.add("Mul", doubled, graph.constant(0.5))


def _linear(graph: Graph, values: str, layer: Any) -> str:
    return _affine(graph, values, _array(layer.weight), _array(layer.bias))


def _affine(graph: Graph, values: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
    return graph.add("Add", graph.add("MatMul", values, _stored(graph, weight.T)), graph.constant(bias))


def _stored(graph: Graph, values: NDArray[np.float32]) -> str:
    """A constant; in 16 bits where that loses nothing: it is made whole when the graph is loaded."""
    half = values.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), values):
        return graph.constant(values)
    return graph.add("Cast", graph.constant16(half), to=TensorProto.FLOAT)


def _looked_up(graph: Graph, table: NDArray[np.float32], ids: str) -> str:
    """Rows of a table, the largest constant of all; in 16 bits it stays so in memory, for only the rows are cast."""
    half = table.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), table):
        return graph.add("Gather", graph.constant(table), ids)
    return graph.add("Cast", graph.add("Gather", graph.constant16(half), ids), to=TensorProto.FLOAT)


def _norm(graph: Graph, values: str, norm: Any) -> str:
    weights = (graph.constant(_array(norm.weight)), graph.constant(_array(norm.bias)))
    return graph.add("LayerNormalization", values, *weights, axis=-1, epsilon=norm.eps)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return array
