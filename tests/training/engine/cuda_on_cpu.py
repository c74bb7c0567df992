"""Runs a CUDA kernel on the processor: C++ in which the threads of a block take turns, from barrier to barrier."""

import ctypes
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

_SHIM = r"""
#include <cstddef>
#include <cstring>
#include <vector>
#include <ucontext.h>
struct Dim { unsigned x, y, z; };
struct float4 { float x, y, z, w; };
struct uint4 { unsigned x, y, z, w; };
#define __global__
#define __device__ static
#define __shared__ static
static Dim threadIdx, blockIdx, blockDim;
static ucontext_t scheduler;
static std::vector<ucontext_t> fibers;
static void __syncthreads() { swapcontext(&fibers[threadIdx.x], &scheduler); }
static float __uint_as_float(unsigned bits) { float f; std::memcpy(&f, &bits, 4); return f; }
static unsigned __float_as_uint(float f) { unsigned bits; std::memcpy(&bits, &f, 4); return bits; }
static int min(int a, int b) { return a < b ? a : b; }
"""
_LAUNCH = r"""
static void** a;
static std::vector<char> over;
static void thread() { CALL; over[threadIdx.x] = 1; }
static void block(unsigned threads) {
    const size_t stack = 1 << 16;
    std::vector<char> stacks(threads * stack);
    fibers.assign(threads, {});
    over.assign(threads, 0);
    for (unsigned t = 0; t < threads; t++) {
        getcontext(&fibers[t]);
        fibers[t].uc_stack.ss_sp = &stacks[t * stack];
        fibers[t].uc_stack.ss_size = stack;
        fibers[t].uc_link = &scheduler;
        makecontext(&fibers[t], thread, 0);
    }
    for (unsigned left = threads; left;)
        for (unsigned t = 0; t < threads; t++) {
            if (over[t]) continue;
            threadIdx = {t, 0, 0};
            swapcontext(&scheduler, &fibers[t]);
            left -= over[t];
        }
}
extern "C" void launch(const unsigned* grid, unsigned threads, void** arguments) {
    blockDim = {threads, 1, 1};
    a = arguments;
    for (unsigned z = 0; z < grid[2]; z++)
        for (unsigned y = 0; y < grid[1]; y++)
            for (unsigned x = 0; x < grid[0]; x++) {
                blockIdx = {x, y, z};
                block(threads);
            }
}
"""


def kernel_on_cpu(source: str, name: str, types: Sequence[str], folder: Path) -> Callable[..., None]:
    """Kernel `name` of `source`; `types` are those of its arguments, and tensors of the processor fit its pointers."""
    arguments = ", ".join(
        f"({kind})a[{i}]" if kind.endswith("*") else f"*({kind}*)a[{i}]" for i, kind in enumerate(types)
    )
    path = folder / f"{name}.cpp"
    path.write_text(_SHIM + source + _LAUNCH.replace("CALL", f"{name}({arguments})"), encoding="utf-8")
    library = path.with_suffix(".so")
    subprocess.run(["g++", "-std=c++17", "-O1", "-w", "-shared", "-fPIC", "-o", library, path], check=True)
    launch = ctypes.CDLL(str(library)).launch

    def call(grid: tuple[int, int, int], block: tuple[int, int, int], args: Sequence[Any]) -> None:
        numbers = [ctypes.c_int(value) for value in args if not isinstance(value, torch.Tensor)]
        left = iter(numbers)
        pointers = [
            value.data_ptr() if isinstance(value, torch.Tensor) else ctypes.addressof(next(left))
            for value in args
        ]
        launch((ctypes.c_uint * 3)(*grid), block[0], (ctypes.c_void_p * len(pointers))(*pointers))

    return call
