"""A training that is killed at any moment, again and again, ends as one that was left alone."""

import json
import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.training.datasets import picture_run_dir, text_run_dir
from tests.training.test_child import ROOT, command

KILLS = 2
RECURRENT = {
    "model": "lstm",
    "hidden": 12,
    "embedding": 12,
    "batch_size": 4,
    "epochs": 8,
    # On cores of their own, which are never ready in the same order.
    "networks": 2,
    "weight_averaging": True,
}
NETWORK = {
    "model": "mobilenet_v3_small",
    "preset": "balanced",
    "batch_size": 8,
    "epochs": 3,
    "weight_averaging": True,
}
CASES = {
    "lstm": (text_run_dir, RECURRENT),
    "ngrams-solver": (text_run_dir, {}),
    "ngrams-loop": (text_run_dir, {"model": "bag_of_ngrams", "epochs": 9, "batch_size": 8}),
    "network": (picture_run_dir, NETWORK),
}


def run_until(folder: Path, lines: int | None, env: dict[str, str]) -> int | None:
    """Start the child and kill it after so many lines of events; how many came, None when it was done before."""
    with subprocess.Popen(command(folder), cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env) as child:
        for count, line in enumerate(child.stdout, start=1):
            assert json.loads(line)["event"] != "error", line
            if count == lines:
                child.kill()
                return count
        assert child.wait(60) == 0
        return None


def assert_alike(one: Path, other: Path) -> None:
    weights = [load_file(folder / "bundle/model.safetensors") for folder in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        assert np.array_equal(tensor, weights[1][name]), name
    reports = [json.loads((f / "bundle/report.json").read_text(encoding="utf-8")) for f in (one, other)]
    for report in reports:
        del report["seconds"]
        for epoch in report["epochs"]:
            del epoch["seconds"]
    assert reports[0] == reports[1]


@pytest.mark.slow
@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize("case", CASES)
def test_a_run_that_is_killed_ends_like_one_that_is_not(tmp_path, case):
    make, values = CASES[case]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    whole = make(tmp_path / "whole", **values)
    assert run_until(whole, None, env) is None
    parts = make(tmp_path / "parts", **values)
    moments = random.Random(case)
    for lines in sorted(moments.randint(1, 14) for _ in range(KILLS)):
        if run_until(parts, lines, env) is None:
            break
    else:
        assert run_until(parts, None, env) is None
    assert_alike(parts, whole)
