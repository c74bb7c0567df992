"""Wavelets tell shapes apart from few pictures, without any weights."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tasks import Task
from tests.training.datasets import start
from training.ground.recipe import resolve
from training.kinds import Preset, kind_of
from training.kinds.pictures.catalog import WAVELETS
from training.kinds.pictures.networks.wavelets import WaveletNetwork
from training.train import train

SHAPES = Path(__file__).resolve().parents[4] / "flashsite" / "samples" / "shapes.zip"


def features(pictures: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return WaveletNetwork().eval()(pictures)


def test_every_side_gives_the_width_that_it_names() -> None:
    for side in (64, 224, 300):
        assert features(torch.zeros(1, 3, side, side)).shape == (1, WaveletNetwork().width)


def test_a_stripe_is_answered_by_its_own_direction() -> None:
    stripes = torch.zeros(1, 3, 128, 128)
    stripes[..., torch.arange(128) % 4 < 2] = 1
    answers = WaveletNetwork()._answers(stripes[:, :1]).mean((2, 3))[0]
    assert answers.argmax() == 0, "across upright stripes"
    turned = WaveletNetwork()._answers(stripes.transpose(2, 3)[:, :1]).mean((2, 3))[0]
    assert turned.argmax() == 4, "a quarter of a turn is four of the eight directions"


def test_a_plain_picture_gives_no_answer() -> None:
    answers = WaveletNetwork()._answers(torch.full((1, 3, 32, 32), 0.7))
    assert answers.max() < 1e-3


@pytest.mark.parametrize("preset", list(Preset))
def test_of_wavelets_only_the_head_learns(preset: Preset) -> None:
    values = {"model": WAVELETS, "preset": preset.value, "pretrained": True}
    config = resolve(Task.IMAGE, values)
    assert (config.freeze, config.pretrained, config.solver) == (True, False, "newton")
    assert kind_of(Task.IMAGE).defaults(preset, WAVELETS, None)["model"] == WAVELETS


@pytest.mark.slow
def test_shapes_are_learned_from_a_hundred_and_thirty_pictures(tmp_path: Path) -> None:
    config = resolve(Task.IMAGE, {"model": WAVELETS})
    (tmp_path / "config.json").write_text(json.dumps({"config": config.to_json(), "task_name": "shapes"}))
    with zipfile.ZipFile(SHAPES) as archive:
        archive.extractall(tmp_path / "data")
    run, _ = start(tmp_path)
    train(run)
    report = json.loads((tmp_path / "bundle" / "report.json").read_text())
    assert report["accuracy"] >= 0.7
    assert np.isfinite(report["accuracy_interval"]).all()
