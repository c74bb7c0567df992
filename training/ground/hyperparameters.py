"""Every hyperparameter that a user may set, specified once; free of torch and Django.

Reading (`recipe.resolve`), the form, the API and its schema, the command line and the table in docs/api.md all follow
`HYPERPARAMETERS`, in its order. A new one is an entry there and a field of `Hyperparameters`, which the training uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from training.ground.limits import Limits
from training.ground.specification import Bounds, Choice, Hyperparameter, ValueType
from training.kinds import Kind, Preset


def _models(kind: Kind) -> tuple[Choice, ...]:
    return tuple((spec.name, spec.title) for spec in kind.models)


def _batch_size(limits: Limits, kind: Kind) -> Bounds:
    bounds: Bounds = getattr(limits, kind.batch_size_limit)
    return bounds


# Headings of a form.
MODEL, DATA, LEARNING, RATE = "Model", "Data", "Learning", "Learning rate over time"
HYPERPARAMETERS = (
    Hyperparameter(
        name="preset",
        type=ValueType.CHOICE,
        label="Preset",
        help="Decides everything that the other fields leave open; quick when it is missing.",
        choices=lambda kind: tuple((preset.value, preset.value.capitalize()) for preset in kind.presets),
        default=Preset.QUICK.value,
        basic=True,
    ),
    Hyperparameter(
        name="budget_minutes",
        type=ValueType.NUMBER,
        label="Minutes to search",
        help="Auto tries what promises most for its time, and stops earlier when little more can be expected.",
        bounds=lambda limits, kind: limits.budget_minutes,
        basic=True,
        only_preset=Preset.AUTO.value,
        applies=lambda kind: Preset.AUTO in kind.presets,
        elsewhere="Models of this kind have no preset Auto; leave it empty.",
    ),
    Hyperparameter(
        name="model",
        group=MODEL,
        type=ValueType.CHOICE,
        label="Model",
        about="The network to train; when it is missing, one that the preset chooses.",
        choices=_models,
    ),
    Hyperparameter(
        name="pretrained",
        group=MODEL,
        form_name="start_from",
        type=ValueType.FLAG,
        label="Start from",
        help="Starting from ImageNet weights takes less data and time than from scratch.",
        choices=lambda kind: (("imagenet", "ImageNet weights"), ("scratch", "Scratch (random weights)")),
        words="true (start from ImageNet weights) or false (from scratch)",
        off_option="--from-scratch",
        off_help="Start from random weights, not from ImageNet weights; this takes more data and time.",
        applies=lambda kind: kind.has_pretrained,
        elsewhere="Models of this kind have no pretrained weights; choose to start from scratch.",
    ),
    Hyperparameter(
        name="data_split",
        group=DATA,
        type=ValueType.SHARE,
        label="Training : validation",
        help="The share to train on, such as 80:20; the rest is never trained on and measures the accuracy.",
        bounds=lambda limits, kind: limits.data_split,
        choices=lambda kind: tuple(
            (f"{share}:{100 - share}", f"{share} : {100 - share}") for share in (90, 80, 70, 60, 50)
        ),
        default=0.8,
    ),
    Hyperparameter(
        name="optimizer",
        group=LEARNING,
        type=ValueType.CHOICE,
        label="Optimizer",
        about="The method that changes the weights.",
        choices=lambda kind: (("sgd", "SGD with momentum"), ("adam", "Adam"), ("adamw", "AdamW")),
        preset_gives=True,
    ),
    Hyperparameter(
        name="learning_rate",
        group=LEARNING,
        type=ValueType.NUMBER,
        label="Learning rate",
        about="How much each step changes the weights.",
        bounds=lambda limits, kind: limits.learning_rate,
        preset_gives=True,
    ),
    Hyperparameter(
        name="batch_size",
        group=LEARNING,
        type=ValueType.INTEGER,
        label="Batch size",
        about="How many samples make up one step.",
        bounds=_batch_size,
        preset_gives=True,
    ),
    Hyperparameter(
        name="epochs",
        group=LEARNING,
        type=ValueType.INTEGER,
        label="Epochs",
        about="How many times the training goes through all samples.",
        bounds=lambda limits, kind: limits.epochs,
        preset_gives=True,
    ),
    Hyperparameter(
        name="early_stopping",
        group=LEARNING,
        type=ValueType.PATIENCE,
        label="Early stopping",
        help="Stops after this many epochs without improvement; 0 turns it off.",
        bounds=lambda limits, kind: (0, limits.epochs[1]),
        preset_gives=True,
    ),
    Hyperparameter(
        name="seed",
        group=DATA,
        type=ValueType.INTEGER,
        label="Seed",
        help="The same seed gives the same result.",
        bounds=lambda limits, kind: (0, 2**32 - 1),
        default=1,
    ),
    Hyperparameter(
        name="class_weights",
        group=DATA,
        type=ValueType.FLAG,
        label="Give rare classes the same weight as common ones",
        help="Finds more of the rare ones, at some cost in accuracy.",
        default=False,
    ),
    Hyperparameter(
        name="reduce_lr_on_plateau",
        group=RATE,
        type=ValueType.OBJECT,
        label="Reduce the learning rate on a plateau",
        help="Multiplies it by the factor after this many epochs without a lower validation loss.",
        parts=(
            Hyperparameter(
                name="factor",
                form_name="plateau_factor",
                type=ValueType.NUMBER,
                label="Factor",
                bounds=lambda limits, kind: limits.plateau_factor,
                default=0.1,
            ),
            Hyperparameter(
                name="patience",
                form_name="plateau_patience",
                type=ValueType.INTEGER,
                label="Patience in epochs",
                bounds=lambda limits, kind: limits.plateau_patience,
                default=5,
            ),
            Hyperparameter(
                name="min_lr",
                form_name="plateau_min_lr",
                type=ValueType.NUMBER,
                label="Lowest learning rate",
                bounds=lambda limits, kind: limits.plateau_min_lr,
                default=1e-5,
            ),
        ),
    ),
    Hyperparameter(
        name="step_lr",
        group=RATE,
        type=ValueType.OBJECT,
        label="Reduce the learning rate in steps",
        help="Multiplies it by gamma every time this many epochs have passed.",
        parts=(
            Hyperparameter(
                name="step_size",
                type=ValueType.INTEGER,
                label="Step size in epochs",
                bounds=lambda limits, kind: limits.step_size,
                default=4,
            ),
            Hyperparameter(
                name="gamma",
                form_name="step_gamma",
                type=ValueType.NUMBER,
                label="Gamma",
                bounds=lambda limits, kind: limits.step_gamma,
                default=0.1,
            ),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReduceLROnPlateau:
    """Multiply the learning rate by `factor` after `patience` epochs without a lower validation loss."""

    factor: float = 0.1
    patience: int = 5
    min_lr: float = 1e-5


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLR:
    """Multiply the learning rate by `gamma` every `step_size` epochs."""

    step_size: int = 4
    gamma: float = 0.1


GROUPS: Mapping[str, type[Any]] = {"reduce_lr_on_plateau": ReduceLROnPlateau, "step_lr": StepLR}


@dataclass(frozen=True, kw_only=True, slots=True)
class Hyperparameters:
    """The part of a recipe that a user may set; `Recipe` has the rest.

    `data_split` is the training share; `early_stopping` the patience in epochs or None. `budget_minutes` is of preset
    Auto alone.
    """

    model: str
    preset: Preset | None = Preset.QUICK
    budget_minutes: float | None = None
    pretrained: bool = False
    optimizer: Literal["sgd", "adam", "adamw"] = "adam"
    learning_rate: float = 0.001
    batch_size: int = 32
    epochs: int = 10
    data_split: float = 0.8
    reduce_lr_on_plateau: ReduceLROnPlateau | None = None
    step_lr: StepLR | None = None
    seed: int = 1
    early_stopping: int | None = None
    class_weights: bool = False
