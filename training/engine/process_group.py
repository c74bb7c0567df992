"""The processes that train one network together, one to a GPU.

Every process holds all of the network and takes its share of every batch; the gradients are summed by the number
of samples behind them, so that the result is that of one process with the whole batch, uneven last batches
included. Rank 0 is the process that the job started: it prepares, tells, saves and exports. See decision 012.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from training.ground.errors import EXIT_FAILED
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.recipe import Recipe

_Batch = TypeVar("_Batch", bound=Any)
_MEETING_POINT = "processes"
# Decoding a large set and fitting its head come before the first word between the processes.
_PATIENCE = timedelta(hours=24)


@dataclass(slots=True)
class ProcessGroup:
    """One of `size` processes; a group of one asks nobody anything."""

    rank: int = 0
    size: int = 1

    def share(self, batch: _Batch) -> _Batch:
        """This process's part of a batch that can be sliced; it may be empty."""
        if self.size == 1:
            return batch
        part: _Batch = batch[self.rank :: self.size]
        return part

    def sum_gradients(self, parameters: Sequence[torch.nn.Parameter], count: int) -> None:
        """Make every gradient the mean over all processes' samples; `count` of them were this one's."""
        if self.size == 1:
            return
        device = parameters[0].device
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad * count for p in parameters]
        counted = torch.full((1,), float(count), device=device)
        flat = torch.cat([*(gradient.flatten() for gradient in gradients), counted])
        distributed.all_reduce(flat)
        means = torch.split(flat[:-1] / flat[-1], [gradient.numel() for gradient in gradients])
        for parameter, mean in zip(parameters, means, strict=True):
            # In the parameter's own memory order, which the fused optimizers take for granted.
            parameter.grad = torch.empty_like(parameter).copy_(mean.view(parameter.shape))

    def total(self, *values: float) -> tuple[float, ...]:
        """The sums of `values` over all processes."""
        if self.size == 1:
            return values
        sums = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(sums)
        return tuple(sums.tolist())

    def first_says(self, *values: float) -> tuple[float, ...]:
        """The values of rank 0: it alone hears signals and watches the time, and rounding may differ elsewhere."""
        if self.size == 1:
            return values
        said = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(said, 0)
        return tuple(said.tolist())

    def gather_rows(self, own: Tensor, count: int) -> Tensor:
        """All `count` rows in order, of which `own` are those that `share` gave to this process."""
        if self.size == 1:
            return own
        whole = torch.empty((count, *own.shape[1:]), dtype=own.dtype)
        for rank, rows in enumerate(self.gather(own.cpu())):
            whole[rank :: self.size] = rows
        return whole

    def gather(self, value: Any) -> list[Any]:
        """What each process says, by rank."""
        if self.size == 1:
            return [value]
        said: list[Any] = [None] * self.size
        distributed.all_gather_object(said, value)
        return said

    def copy_state(self, module: torch.nn.Module) -> None:
        """Give every process the weights and buffers of rank 0."""
        if self.size > 1:
            for tensor in module.state_dict().values():
                distributed.broadcast(tensor, 0)

    def copy_buffers(self, module: torch.nn.Module) -> None:
        """Give every process the buffers of rank 0: the statistics of batch norm."""
        if self.size > 1:
            for buffer in module.buffers():
                distributed.broadcast(buffer, 0)

    def leave(self) -> None:
        """Go on alone."""
        if self.size > 1:
            distributed.barrier()
            distributed.destroy_process_group()
            self.rank, self.size = 0, 1


def wanted_processes(recipe: Recipe, machine: Machine) -> int:
    """How many processes train: as asked, otherwise one to a GPU; layers on fixed features are one's work."""
    if recipe.is_convex:
        return 1
    if "WORLD_SIZE" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    if machine.processes:
        return machine.processes
    return max(1, torch.cuda.device_count()) if machine.device in ("auto", "cuda") else 1


def assemble(folder: Path, recipe: Recipe, machine: Machine, events: Events) -> ProcessGroup:
    """Rank 0: start the others, which load their libraries meanwhile; `invite` begins the common work.

    Under torchrun (WORLD_SIZE in the environment) they run already.
    """
    size = wanted_processes(recipe, machine)
    if size > 1 and "WORLD_SIZE" not in os.environ:
        point = folder / _MEETING_POINT
        point.unlink(missing_ok=True)
        for rank in range(1, size):
            _start(folder, rank, size, events)
    return ProcessGroup(0, size)


def join(folder: Path, rank: int, size: int) -> None:
    """Become one of the group; returns when all are there."""
    # All are on this machine: nothing of it is for the network.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(rank)
    point = "env://" if "WORLD_SIZE" in os.environ else f"file://{(folder / _MEETING_POINT).resolve()}"
    distributed.init_process_group(backend, init_method=point, rank=rank, world_size=size, timeout=_PATIENCE)


def invite(group: ProcessGroup, folder: Path, work: Any) -> None:
    """Rank 0: meet the others and hand each `work`, which `accept` gives them."""
    if group.size > 1:
        join(folder, 0, group.size)
        distributed.broadcast_object_list([work], 0)


def accept() -> Any:
    """The others: what rank 0 wants to be done."""
    work = [None]
    distributed.broadcast_object_list(work, 0)
    return work[0]


def device_of(rank: int, device: torch.device) -> torch.device:
    """The GPU of one process."""
    return torch.device("cuda", rank) if device.type == "cuda" else device


def threads_of(machine: Machine, size: int) -> int:
    """How many cores each of `size` processes uses."""
    return max(1, machine.cores // size)


def _start(folder: Path, rank: int, size: int, events: Events) -> None:
    command = [sys.executable, "-m", "training", str(folder), "--parent-pid", str(os.getpid())]
    process = subprocess.Popen([*command, "--rank", str(rank), "--world-size", str(size)], stdout=2)
    threading.Thread(target=_watch, args=(process, events), name=f"rank-{rank}", daemon=True).start()


def _watch(process: "subprocess.Popen[bytes]", events: Events) -> None:
    """A process that dies leaves the others waiting for its share: end the job instead."""
    if process.wait() != 0:
        events.error(
            "internal_error",
            "One of the processes that trained together ended, perhaps because it ran out of memory. "
            "Try a smaller batch or a smaller model, or tell the operator.",
        )
        os._exit(EXIT_FAILED)
