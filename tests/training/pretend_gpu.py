"""A GPU made of this machine's memory: it computes what the processor does and refuses what a GPU would.

Tensors moved or made there are marked, and so is what comes of them. Those that meet a tensor of the processor's raise
what PyTorch raises, and their values cannot be read by numpy. It does not show how fast a GPU is, or how it rounds.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
_MARK = "lies_on_the_pretended_gpu"
_MEETS_BOTH = {Tensor.copy_, torch._has_compatible_shallow_copy_type}
_INDEXES = {Tensor.__getitem__, Tensor.__setitem__}
_OWN_KERNELS = ("_amp_", "_fused_")
_READS = {Tensor.numpy, Tensor.__array__}
_MOVES = {Tensor.to, Tensor.cpu}


def is_there(tensor: Tensor) -> bool:
    """Whether it lies on the pretended GPU."""
    return getattr(tensor, _MARK, False)


def _mark(found: Any, there: bool) -> Any:
    for tensor in _tensors(found):
        setattr(tensor, _MARK, there)
    return found


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


def _names_device(value: Any) -> bool:
    return isinstance(value, str | torch.device)


class PretendGraph:
    """What a recorded step would be: it runs the step again, on the tensors it was recorded with."""

    def __init__(self, work: Callable[[], None], pool: Any) -> None:
        self.replay, self._pool = work, pool or object()

    def pool(self) -> Any:
        """One for all graphs."""
        return self._pool


class PretendGpu(TorchFunctionMode):
    """While it is entered, the device `cuda` can be used in this thread."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if function == Tensor.device.__get__:
            return GPU if is_there(args[0]) else CPU
        if function == Tensor.is_cuda.__get__:
            return is_there(args[0])
        if function == Tensor.data.__set__:
            setattr(args[0], _MARK, is_there(args[1]))
            return function(*args)
        if function in _MOVES:
            return self._move(function, args, kwargs)
        wanted = kwargs.get("device")
        if wanted is not None:
            kwargs["device"] = CPU
        there = self._place(function, args, kwargs)
        if function in _READS and there:
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        found = function(*args, **kwargs)
        return _mark(found, there if wanted is None else torch.device(wanted).type == "cuda")

    def _move(self, function: Any, args: Any, kwargs: Any) -> Any:
        own, *others = (args[0], CPU) if function is Tensor.cpu else args
        wanted = next(filter(_names_device, (*others, *kwargs.values())), None)
        there = is_there(own) if wanted is None else torch.device(wanted).type == "cuda"
        others = [CPU if _names_device(value) else value for value in others]
        found = Tensor.to(own, *others, **{k: CPU if _names_device(v) else v for k, v in kwargs.items()})
        if found is own:
            return own if there == is_there(own) else _mark(own.clone(), there)
        return _mark(found, there)

    def _place(self, function: Any, args: Any, kwargs: Any) -> bool:
        tensors = list(_tensors((*args, *kwargs.values())))
        there = [is_there(tensor) for tensor in tensors]
        if function in _MEETS_BOTH or not tensors:
            return bool(there) and there[0]
        if function in _INDEXES and there[0]:
            return True
        # Single numbers of the processor may meet those of a GPU, except in its own kernels.
        alike = function.__name__.startswith(_OWN_KERNELS)
        arrays = [
            place for place, tensor in zip(there, tensors, strict=True) if tensor.ndim or place or alike
        ]
        if any(arrays) and not all(arrays):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found cuda:0 and cpu ({function})."
            )
        return any(there)
