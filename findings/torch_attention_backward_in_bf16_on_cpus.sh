#!/bin/sh
# torch 2.14.1, seen on 29 November 2026 on a Zen 4 (AVX-512 with bfloat16), one and two threads.
#
# On a CPU, the way back through torch.nn.functional.scaled_dot_product_attention takes many times as long in bfloat16 as the same formula written
# out (two products and a softmax), for short sequences: 32 sentences of 12 heads of 32 numbers, 12 to 48 tokens. In single precision
# the function is about as fast as the formula, and its way forth is fast in both. So fine-tuning a small encoder under autocast on a CPU
# spends most of its time in attention, which ought to be a tenth of it, and nothing says so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import time

import torch
from torch.nn.functional import scaled_dot_product_attention

torch.set_num_threads(1)


def milliseconds(attend, dtype: torch.dtype, tokens: int) -> float:
    parts = [torch.randn(32, 12, tokens, 32, dtype=dtype, requires_grad=True) for _ in range(3)]
    best = float("inf")
    for _ in range(20):
        found = attend(*parts).sum()
        started = time.perf_counter()
        found.backward()
        best = min(best, time.perf_counter() - started)
    return 1000 * best


def written_out(query, key, value):
    return (query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)).softmax(-1) @ value


ratios = {}
for dtype in (torch.float32, torch.bfloat16):
    for tokens in (12, 24, 48):
        function, formula = (milliseconds(attend, dtype, tokens) for attend in (scaled_dot_product_attention, written_out))
        ratios[dtype, tokens] = function / formula
        print(f"{dtype}, {tokens} tokens: the way back {function:.2f} ms, written out {formula:.2f} ms, {function / formula:.1f} times")
if not torch.cpu._is_avx512_bf16_supported():
    print("this processor has no bfloat16 of its own: nothing was seen here")
elif min(ratios[torch.bfloat16, tokens] for tokens in (12, 24, 48)) < 2:
    raise SystemExit("changed: the way back in bfloat16 is as fast as the formula")
PYTHON
