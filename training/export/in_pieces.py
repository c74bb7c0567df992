"""Writes a graph so that its shared layers come first and are the same bytes in every model that has them."""

import onnx

from training.bundle.shared_layers import SHARED_STATES, as_varint

# The tag of ModelProto's field `graph`, number 7 and of a size that follows.
_GRAPH_TAG = b"\x3a"


def serialized(model: onnx.ModelProto) -> bytes:
    """The model as a file; where a node makes SHARED_STATES, in two pieces (`training/bundle/shared_layers.py`).

    The message `graph` is the two pieces one after another, which protobuf reads as one message of both.
    """
    ends = [place for place, node in enumerate(model.graph.node) if SHARED_STATES in node.output]
    if not ends:
        return _bytes(model)
    nodes = model.graph.node[: ends[0] + 1]
    needed = {name for node in nodes for name in node.input}
    shared = onnx.GraphProto()
    shared.node.extend(nodes)
    shared.initializer.extend(each for each in model.graph.initializer if each.name in needed)
    own = onnx.GraphProto()
    own.CopyFrom(model.graph)
    del own.node[: ends[0] + 1]
    del own.initializer[:]
    own.initializer.extend(each for each in model.graph.initializer if each.name not in needed)
    head = onnx.ModelProto()
    head.CopyFrom(model)
    head.ClearField("graph")
    graph = _bytes(shared) + _bytes(own)
    return _bytes(head) + _GRAPH_TAG + as_varint(len(graph)) + graph


def _bytes(message: onnx.ModelProto | onnx.GraphProto) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))
