"""What the code that trains a model of pictures again is made of, see `modelstore.bundles.generated_code`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelstore.bundles.code_recipe import learned_from, loop_conditions, loop_settings
from modelstore.bundles.generated_code import SHARED, Code, NoCode, Setting
from modelstore.bundles.standalone_files import Open
from modelstore.models import TrainedModel
from training.kinds.pictures.catalog import MODELS, ONE_SIDE_ONLY, WAVELETS

_OWN = Path(__file__).parent / "standalone" / "code"
_LAST_LAYERS = {spec.name: spec.last_layer for spec in MODELS}
# As training/kinds/pictures: the penalty of head.py, the strengths of augment.py, the small pictures of learner.py.
_PENALTY = 0.1
_STRENGTHS = {"standard": (0.5, 0.0, 0.2), "strong": (0.3, 10.0, 0.4)}
_SMALL_SIDE, _SIDE_STEP = 0.72, 32
_SMALL_BATCH = 8


def code_of(model: TrainedModel, open_file: Open) -> Code:
    """See `modelstore.bundles.generated_code.code_of`."""
    config, side = model.manifest["config"], int(model.manifest["preprocess"]["crop"])
    if model.model_name not in _LAST_LAYERS:
        raise NoCode(f"There is no code for the network {model.model_name}.")
    # Where training all layers did no better, the last layer alone is what was kept.
    is_head = bool(config["freeze"]) or model.report.get("best_epoch") == 0
    by_batches = bool(config["freeze"]) and config["solver"] == "gradient"
    loop = loop_conditions(config) if by_batches or not is_head else frozenset[str]()
    conditions = loop | _conditions(model.model_name, config, is_head=is_head)
    parts = [_OWN / "reading.py", SHARED / "check.py", SHARED / "linear.py", _OWN / "network.py"]
    parts += [SHARED / "measure.py"] + ([SHARED / "loop.py"] if loop else [])
    if not by_batches and ("pretrained" in conditions or is_head):
        parts.append(_OWN / "head.py")
    parts.append(
        _OWN / ("head_by_batches.py" if by_batches else "head_alone.py" if is_head else "fine_tuning.py")
    )
    return Code(
        settings=[
            *_data(model, side, conditions),
            *_learning(config, side, conditions, is_head=is_head and not by_batches),
        ],
        parts=[*parts, _OWN / "saving.py"],
        conditions=conditions,
        requirements=("torchvision", "pillow"),
        modules=("training.kinds.pictures.networks.wavelets",) if "wavelets" in conditions else (),
    )


def _conditions(name: str, config: Mapping[str, Any], *, is_head: bool) -> frozenset[str]:
    pretrained = bool(config["pretrained"])
    facts = {
        "wavelets": name == WAVELETS,
        "torchvision": name != WAVELETS,
        "pretrained": pretrained and name != WAVELETS,
        "scratch": not pretrained and name != WAVELETS,
        "resnet": name.startswith("resnet"),
        "not_resnet": not name.startswith("resnet"),
        "flip": not is_head and bool(config["test_time_flip"]),
        "no_flip": is_head or not config["test_time_flip"],
        "class_weights": bool(config["class_weights"]),
        "no_class_weights": not config["class_weights"],
        "augmented": config["augmentation"] in _STRENGTHS,
        "frozen": pretrained and config["frozen_share"] > 0 and name not in ONE_SIDE_ONLY,
        "norms": bool(config["freeze_norms"]) or config["batch_size"] < _SMALL_BATCH,
        "small": config["small_share"] > 0 and name not in ONE_SIDE_ONLY,
        "not_small": not config["small_share"] > 0 or name in ONE_SIDE_ONLY,
    }
    return frozenset(fact for fact, holds in facts.items() if holds)


def _data(model: TrainedModel, side: int, conditions: frozenset[str]) -> Iterator[Setting]:
    yield Setting("DATA", 'Path(os.environ.get("DATA", "data"))', "a folder with one folder per class", False)
    yield Setting("VALIDATION", "validation.csv", "which pictures Flash kept apart")
    if "pretrained" in conditions:
        yield Setting(
            "WEIGHTS",
            'os.environ.get("WEIGHTS", "")',
            'a file with ImageNet weights; "": torchvision downloads them',
            False,
        )
    yield Setting("CLASSES", list(model.classes), "in the order of the model's outputs")
    yield Setting("TRAINED_ON", learned_from(model.report), "pictures, of which Flash learned")
    if "torchvision" in conditions:
        yield Setting("MODEL", model.model_name, "as torchvision calls it")
        yield Setting("LAST_LAYER", _LAST_LAYERS[model.model_name], "which one of our own replaces")
    yield Setting("SIDE", side, "of the square that the network sees, in pixels")
    yield Setting("SEED", model.manifest["config"]["seed"])


def _learning(
    config: Mapping[str, Any], side: int, conditions: frozenset[str], *, is_head: bool
) -> Iterator[Setting]:
    """The hyperparameters."""
    if is_head or ("pretrained" in conditions and not config["freeze"]):
        yield Setting("PENALTY", _PENALTY, "how strongly large weights of the last layer are punished")
    if is_head:
        return
    yield from loop_settings(config)
    yield Setting("BATCH_SIZE", config["batch_size"], "pictures that are learned from at a time")
    yield Setting("LABEL_SMOOTHING", config["label_smoothing"], "share of the truth that all classes get")
    yield Setting("WEIGHT_DECAY", config["weight_decay"], "how much weights shrink")
    if config["freeze"]:
        return
    if "pretrained" in conditions:
        yield Setting("BACKBONE_RATE", config["backbone_rate"], "of the layers below against the last one")
    if "frozen" in conditions:
        yield Setting("FROZEN_SHARE", config["frozen_share"], "of the lowest blocks, which do not learn")
    if "small" in conditions:
        small = max(_SIDE_STEP, round(side * _SMALL_SIDE / _SIDE_STEP) * _SIDE_STEP)
        yield Setting("SMALL_SHARE", config["small_share"], "of the epochs, the first, see small pictures")
        yield Setting("SMALL_SIDE", small, "of these, in pixels")
    if "augmented" in conditions:
        crop, rotation, colour = _STRENGTHS[config["augmentation"]]
        yield Setting("SMALLEST_CROP", crop, "share of a picture that is left at least")
        yield Setting("ROTATION", rotation, "degrees to either side")
        yield Setting("COLOUR", colour, "how much brightness and contrast vary")
