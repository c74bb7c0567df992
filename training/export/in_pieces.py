"""Writes a graph so that its shared layers are the same bytes in every model that has them."""

import onnx

from training.bundle.shared_layers import OWN_WORDS, SHARED_STATES, as_varint

# The tag of ModelProto's field `graph`, number 7 and of a size that follows.
_GRAPH_TAG = b"\x3a"


def serialized(model: onnx.ModelProto) -> bytes:
    """The model as a file; where nodes make OWN_WORDS and SHARED_STATES, in pieces that end there.

    See `training/bundle/shared_layers.py`. The message `graph` is the pieces one after another, which protobuf reads as
    one message of all.
    """
    ends = [
        place + 1
        for place, node in enumerate(model.graph.node)
        if {OWN_WORDS, SHARED_STATES}.intersection(node.output)
    ]
    if not ends:
        return _bytes(model)
    graph, start, taken = b"", 0, set[str]()
    for end in ends:
        piece = onnx.GraphProto()
        piece.node.extend(model.graph.node[start:end])
        needed = {name for node in piece.node for name in node.input} - taken
        piece.initializer.extend(each for each in model.graph.initializer if each.name in needed)
        graph, start, taken = graph + _bytes(piece), end, taken | needed
    own = onnx.GraphProto()
    own.CopyFrom(model.graph)
    del own.node[:start]
    del own.initializer[:]
    own.initializer.extend(each for each in model.graph.initializer if each.name not in taken)
    graph += _bytes(own)
    head = onnx.ModelProto()
    head.CopyFrom(model)
    head.ClearField("graph")
    return _bytes(head) + _GRAPH_TAG + as_varint(len(graph)) + graph


def _bytes(message: onnx.ModelProto | onnx.GraphProto) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))
