"""Layers that many models have in common, loaded once: of an encoder, those that did not learn.

model.onnx of such a model is written in pieces (`training/export/in_pieces.py`): all nodes and constants up to
`SHARED_STATES`, then all others. Where a model has words of its own, those up to `OWN_WORDS` come before. For every
reader of ONNX that is one graph like any other. Here each piece becomes a session; those of the shared piece serve all
models of this process that have the same. Pieces are found and framed in the bytes, by the rules of protobuf: whoever
only predicts needs no onnx.
"""

import mmap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from training.bundle.sessions import open_session

# What goes from the shared layers to a model's own, and from a model's own words to the shared layers: float32
# [B, T, W].
SHARED_STATES, OWN_WORDS = "shared_states", "own_words"
# Fields of ModelProto and GraphProto, and types of elements, by their numbers in onnx.proto.
_GRAPH, _METADATA = 7, 14
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_FLOAT, _INT64 = 1, 7
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Pieces:
    """A graph that can be run in pieces: what is the same for all models of the `key`, and a model's own.

    Its own `words` come first; they are empty where all models of the key have the same.
    """

    key: str
    words: memoryview
    shared: memoryview
    own: memoryview
    # Fields of ModelProto beside the graph, but for what is told to people.
    head: bytes
    # Where the shared piece begins in the file.
    at: int

    def words_model(self, input_name: str) -> bytes:
        """ONNX from token ids to OWN_WORDS."""
        values = _value(_INPUT, input_name, _INT64) + _value(_OUTPUT, OWN_WORDS, _FLOAT)
        return _model(self.head, self.words, values)

    def shared_model(self, input_name: str) -> bytes:
        """ONNX from token ids, and OWN_WORDS where there are, to SHARED_STATES."""
        values = _value(_INPUT, input_name, _INT64) + _value(_OUTPUT, SHARED_STATES, _FLOAT)
        if self.words:
            values += _value(_INPUT, OWN_WORDS, _FLOAT)
        return _model(self.head, self.shared, values)

    def own_model(self) -> bytes:
        """ONNX from token ids and SHARED_STATES to what the whole answers."""
        return _model(self.head, self.own, _value(_INPUT, SHARED_STATES, _FLOAT))


def pieces_of(data: memoryview) -> Pieces | None:
    """The pieces of a model in ONNX's format; None where it is of one. Raises ValueError where it is cut off."""
    head, graph, at, end = b"", None, 0, 0
    for number, whole, content in _fields(data):
        end += len(whole)
        if number == _GRAPH:
            graph, at = content, end - len(content)
        elif number != _METADATA:
            head += bytes(whole)
    if graph is None or not 1 <= len(starts := _later_pieces(graph)) <= 2:
        return None
    # Of two pieces the first is the shared one.
    first, last = (0, *starts)[-2:]
    words, shared, own = graph[:first], graph[first:last], graph[last:]
    digest = sha256(head)
    digest.update(shared)
    return Pieces(digest.hexdigest(), words, shared, own, head, at + first)


def _later_pieces(graph: memoryview) -> list[int]:
    """Where nodes follow constants: whoever writes a graph at once writes all nodes first."""
    at, constants, found = 0, False, []
    for number, whole, _ in _fields(graph):
        if number == _NODE and constants:
            found.append(at)
        constants = number == _INITIALIZER or (constants and number != _NODE)
        at += len(whole)
    return found


class LayeredSession:
    """Runs a model of two or three pieces like a session of onnxruntime."""

    def __init__(self, words: Any | None, shared: "_SharedSession", own: Any) -> None:
        self._words, self._shared, self._own = words, shared, own

    def run(self, outputs: list[str], inputs: dict[str, Any]) -> Any:
        """See onnxruntime.InferenceSession."""
        given = inputs
        if self._words is not None:
            given = {**inputs, OWN_WORDS: self._words.run([OWN_WORDS], inputs)[0]}
        states = self._shared.session.run([SHARED_STATES], given)[0]
        return self._own.run(outputs, {**inputs, SHARED_STATES: states})


@dataclass(eq=False)
class _SharedSession:
    session: Any
    stored: int


_loaded: "WeakValueDictionary[tuple[str, int], _SharedSession]" = WeakValueDictionary()
_loading = threading.Lock()


def open_layered(path: Path, input_name: str, threads: int) -> tuple[LayeredSession, int] | None:
    """The model in this file, with the bytes of it that are shared; None where it is of one piece.

    The shared piece is kept as long as a model needs it. Raises what onnxruntime raises, OSError and ValueError.
    """
    with path.open("rb") as file:
        found = pieces_of(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    if found is None:
        return None
    with _loading:
        if (shared := _loaded.get((found.key, threads))) is None:
            session = open_session(found.shared_model(input_name), threads)
            shared = _loaded[found.key, threads] = _SharedSession(session, len(found.shared))
    # Hundreds of models may be loaded: with buffers of its own each came to 80 MB after one large batch.
    own = open_session(found.own_model(), threads, keeps_buffers=False)
    words = None
    if found.words:
        words = open_session(found.words_model(input_name), threads, keeps_buffers=False)
    return LayeredSession(words, shared, own), len(found.shared)


def shared_bytes() -> list[int]:
    """How large each shared piece is that this process has loaded, as it is stored."""
    return [shared.stored for shared in list(_loaded.values())]


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Number, all bytes and content of each field of a message of protobuf."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            content_at = at
            _, at = _varint(data, at)
        else:
            size = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind)
            if size is None:
                if kind != _SIZED:
                    raise ValueError("a field of no known kind")
                size, at = _varint(data, at)
            content_at, at = at, at + size
        if at > len(data):
            raise ValueError("a field that is cut off")
        yield tag >> 3, data[start:at], data[content_at:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number that is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _model(head: bytes, piece: memoryview, values: bytes) -> bytes:
    """A ModelProto whose graph is a piece with more `values`; of what is large, this is the only copy."""
    return b"".join((head, _start(_GRAPH, len(piece) + len(values)), piece, values))


def _sized(number: int, content: bytes) -> bytes:
    """A field of protobuf with this content."""
    return _start(number, len(content)) + content


def _start(number: int, size: int) -> bytes:
    return bytes([number << 3 | _SIZED]) + as_varint(size)


def as_varint(value: int) -> bytes:
    """A whole number, 0 at least, as protobuf writes it."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _value(field: int, name: str, kind: int) -> bytes:
    """A tensor's name and the type of its elements (ValueInfoProto), in this field of GraphProto."""
    tensor = _sized(1, bytes([1 << 3 | _VARINT, kind]))
    return _sized(field, _sized(1, name.encode()) + _sized(2, tensor))
