"""What the code of models of all kinds says of the training loop, and what a model's own files tell of it."""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from modelstore.bundles.generated_code import Setting
from modelstore.bundles.standalone_files import Open
from training.bundle.manifest import SAFETENSORS_FILE

# As training/engine/schedule.py.
_WARM_UP = 0.1
# Of the header of a safetensors file, which is JSON behind its length.
_MOST_BYTES = 100_000_000


def learned_from(report: Mapping[str, Any]) -> int:
    """How many samples the model learned from that was measured on what the code measures on."""
    folds = report.get("folds")
    return int(folds["of"] - folds["first"]["count"] if folds else report.get("train_count", 0))


def loop_conditions(config: Mapping[str, Any]) -> frozenset[str]:
    """What holds in modelstore/standalone/code/loop.py for a recipe."""
    steps, cosine = bool(config.get("step_lr")), config["schedule"] == "cosine"
    facts = {
        config["optimizer"]: True,
        "cosine": cosine,
        "steps": steps and not cosine,
        "constant": not steps and not cosine,
        "plateau": bool(config.get("reduce_lr_on_plateau")) and not cosine,
        "early_stopping": config.get("early_stopping") is not None,
        "average": bool(config["weight_averaging"]),
    }
    return frozenset(name for name, holds in facts.items() if holds)


def loop_settings(config: Mapping[str, Any]) -> Iterator[Setting]:
    """The constants that this loop needs."""
    conditions = loop_conditions(config)
    yield Setting("EPOCHS", config["epochs"], "how often everything is seen")
    yield Setting("LEARNING_RATE", config["learning_rate"])
    if "cosine" in conditions:
        yield Setting("WARM_UP", _WARM_UP, "share of the epochs in which the rate grows; then it falls to 0")
    if "steps" in conditions:
        yield Setting("STEP_EPOCHS", config["step_lr"]["step_size"], "after which the rate falls")
        yield Setting("STEP_FACTOR", config["step_lr"]["gamma"], "to this share of it")
    if "plateau" in conditions:
        plateau = config["reduce_lr_on_plateau"]
        yield Setting("PLATEAU_PATIENCE", plateau["patience"], "epochs without a lower loss until it falls")
        yield Setting("PLATEAU_FACTOR", plateau["factor"], "to this share of it")
        yield Setting("PLATEAU_LOWEST", plateau["min_lr"], "but not below this")
    if "early_stopping" in conditions:
        yield Setting("EARLY_STOPPING", config["early_stopping"], "epochs without a better one, then it ends")
    yield Setting("CLIP_NORM", config["clip_norm"], "longer gradients are cut to this length")


def model_arguments(open_file: Open) -> dict[str, Any]:
    """What builds a model's network, as the head of its safetensors file says; raises ValueError."""
    with open_file(SAFETENSORS_FILE) as file:
        (size,) = struct.unpack("<Q", file.read(8))
        if size > _MOST_BYTES:
            raise ValueError(f"{SAFETENSORS_FILE} has no head that can be read")
        told = json.loads(file.read(size))["__metadata__"]
    arguments: dict[str, Any] = json.loads(told["arguments"])
    return arguments
