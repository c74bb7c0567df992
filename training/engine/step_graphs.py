"""Replays the steps of a training on a GPU: one launch in place of the hundreds that a step consists of."""

import sys
import traceback
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

Work = Callable[[Sequence[Tensor]], None]
# Before it is recorded, a step runs this often as it is: libraries choose their kernels then.
_RUNS_FIRST = 2
# Each graph is a kind of batch (its size, the side of its pictures, the length of its sentences).
_MOST_GRAPHS = 32


class StepGraphs:
    """Runs steps, and records those that come again and again as CUDA graphs.

    A step reads its inputs and changes tensors that stay where they are; nothing of it may wait for the GPU. Where a
    step cannot be recorded, it runs as it is from then on.
    """

    def __init__(self) -> None:
        self._seen: Counter[Hashable] = Counter()
        self._graphs: dict[Hashable, tuple[Any, list[Tensor]]] = {}
        self._pool: Any = None
        self._can_record = True

    def run(self, kind: Hashable, inputs: Sequence[Tensor], work: Work) -> None:
        """Do `work` on `inputs`; steps of one `kind` whose inputs have the same shapes do the same."""
        key = kind, *((tensor.shape, tensor.dtype, tensor.device) for tensor in inputs)
        self._seen[key] += 1
        if key not in self._graphs and self._is_worth_it(key):
            self._record(key, inputs, work)
        if key not in self._graphs:
            work(inputs)
            return
        graph, places = self._graphs[key]
        for place, tensor in zip(places, inputs, strict=True):
            place.copy_(tensor)
        graph.replay()

    def _is_worth_it(self, key: Hashable) -> bool:
        return self._can_record and self._seen[key] > _RUNS_FIRST and len(self._graphs) < _MOST_GRAPHS

    def _record(self, key: Hashable, inputs: Sequence[Tensor], work: Work) -> None:
        places = [tensor.clone() for tensor in inputs]
        try:
            graph = record(partial(work, places), self._pool)
        except RuntimeError as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            traceback.print_exc(file=sys.stderr)
            self._can_record = False
            return
        self._pool = graph.pool()
        self._graphs[key] = graph, places


def record(work: Callable[[], None], pool: Any) -> Any:
    """`work` as a CUDA graph, whose memory is that of the graphs of the same pool: no two of them run at a time."""
    graph = torch.cuda.CUDAGraph()
    # Other threads read pictures ahead meanwhile; they may.
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        work()
    return graph
