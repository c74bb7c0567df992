"""The web imports parts of training; none of them may bring torch along."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_THE_WEB = [
    "score",
    "targets.one_label",
    "ground.limits",
    "ground.recipe",
    "kinds",
    "kinds.pictures",
    "kinds.sentences",
    "kinds.pictures.preprocess",
    "kinds.sentences.preprocess",
    "bundle.manifest",
    "bundle.onnx_classifier",
    "evaluation.report",
    "evaluation.plots",
]


@pytest.mark.parametrize("module", ["training", *(f"training.{name}" for name in FOR_THE_WEB)])
def test_it_does_not_import_torch(module):
    code = f"import sys, {module}; sys.exit(any(m.split('.')[0] in ('torch', 'torchvision') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_a_training_step_does_not_import_the_compiler():
    code = (
        "import sys, torch\n"
        "from training.engine.optimizers import Group, Optimizer\n"
        "from training.kinds.pictures.networks.vision import torchvision_models\n"
        "torchvision_models()\n"
        "layer = torch.nn.Linear(2, 2)\n"
        "layer(torch.ones(1, 2)).sum().backward()\n"
        "Optimizer('adam', [Group(list(layer.parameters()))]).step(0.1)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
