"""What the user wants to be trained, and how: a frozen record, and how the user's words become one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from training.ground.limits import Limits
from training.ground.machine import Machine
from training.ground.wire_values import FieldReader, plain
from training.kinds import Kind, Preset, UnknownKind, kind_of

VERSION = 1
FIELDS = (
    "preset",
    "model",
    "pretrained",
    "optimizer",
    "learning_rate",
    "batch_size",
    "epochs",
    "data_split",
    "reduce_lr_on_plateau",
    "step_lr",
    "seed",
    "early_stopping",
    "class_weights",
)
_PRETRAINED_CHOICES = "true (start from ImageNet weights) or false (from scratch)"
# Whoever sets one of these wants that very loop, not the closed-form solver of the quick presets.
LOOP_FIELDS = ("optimizer", "learning_rate", "batch_size", "epochs")


class RecipeInvalid(ValueError):
    """Some fields cannot be used; `fields` maps each to sentences that say what to change."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(messages)}" for name, messages in fields.items()))
        self.fields = {name: list(messages) for name, messages in fields.items()}


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that a model depends on besides its data; stored beside the weights.

    `task` is that of a kind; `data_split` is the training share; `early_stopping` the patience in epochs or None.
    `solver` "newton" fits a linear model to its optimum (L-BFGS); "gradient" runs the optimizer, rate, batch size
    and epochs as given.
    """

    version: int = VERSION
    task: str
    model: str
    preset: Preset | None = Preset.QUICK
    pretrained: bool = False
    freeze: bool = False
    solver: Literal["newton", "gradient"] = "gradient"
    optimizer: Literal["sgd", "adam", "adamw"] = "adam"
    learning_rate: float = 0.001
    batch_size: int = 32
    epochs: int = 10
    data_split: float = 0.8
    schedule: Literal["cosine", "constant"] = "cosine"
    reduce_lr_on_plateau: ReduceLROnPlateau | None = None
    step_lr: StepLR | None = None
    seed: int = 1
    early_stopping: int | None = None
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augmentation: Literal["none", "standard", "strong"] = "none"
    weight_averaging: bool = False
    # Pictures: rate of the last pretrained layers against the head's; share of the lowest blocks that stay as
    # they came; share of the epochs, the first ones, that see smaller pictures; statistics of batch norm as they
    # came; prediction from a picture and its mirror image.
    backbone_rate: float = 0.15
    frozen_share: float = 0.0
    small_share: float = 0.0
    freeze_norms: bool = False
    test_time_flip: bool = False
    class_weights: bool = False
    clip_norm: float = 1.0
    # Text; `networks` are recurrent ones that vote.
    embedding: int = 100
    hidden: int = 256
    layers: int = 2
    networks: int = 1
    dropout: float = 0.5
    vocabulary: int = 25_000
    max_length: int = 256

    def to_json(self) -> dict[str, Any]:
        """As a dict of JSON values; `from_json` takes it back."""
        return asdict(self)

    @property
    def kind(self) -> Kind:
        """The kind of its task."""
        return kind_of(self.task)

    @property
    def is_convex(self) -> bool:
        """Whether it trains a linear model, which a solver brings to its optimum in one process."""
        return self.kind.is_convex(self.to_json())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The recipe stored by `to_json`, alone or together with a Machine; raises RecipeInvalid when it is none."""
        try:
            if data["version"] != VERSION:
                raise RecipeInvalid({"version": [f"Version {data['version']} is not version {VERSION}."]})
            own = {field.name for field in fields(cls)}
            unknown = sorted(set(data) - own - {field.name for field in fields(Machine)})
            if unknown:
                raise RecipeInvalid({name: ["This field is not known."] for name in unknown})
            values = {name: value for name, value in data.items() if name in own}
            values["preset"] = Preset(data["preset"]) if data.get("preset") else None
            for name, rule in (("reduce_lr_on_plateau", ReduceLROnPlateau), ("step_lr", StepLR)):
                values[name] = rule(**data[name]) if data.get(name) else None
            if kind_of(values["task"]).model(values["model"]) is None:
                raise RecipeInvalid({"model": [f"There is no model {values['model']!r} for this task."]})
            return cls(**values)
        except RecipeInvalid:
            raise
        except UnknownKind as error:
            raise RecipeInvalid({"task": [str(error)]}) from error
        except (KeyError, TypeError, ValueError) as error:
            raise RecipeInvalid({"config": [f"The configuration cannot be read: {error}."]}) from error


def resolve(task: str, values: Mapping[str, Any], limits: Limits = Limits()) -> Recipe:  # noqa: B008
    """The user's words (any of `FIELDS`; missing, None or "" = from the preset) as a recipe for the kind of `task`.

    Numbers may come as numbers or text, `data_split` as 0.8, "0.8", 80 or "80:20". Raises RecipeInvalid with
    a sentence for each wrong field, UnknownKind.
    """
    kind = kind_of(task)
    values = {name: value for name, value in values.items() if value is not None and value != ""}
    read = FieldReader(values)
    for name in values:
        if name not in FIELDS:
            read.refuse(name, "This field is not known; remove it.")
    preset = read.choice("preset", [preset.value for preset in Preset], Preset.QUICK.value)
    model = read.choice("model", [spec.name for spec in kind.models], None)
    pretrained = read.flag("pretrained", None, _PRETRAINED_CHOICES)
    if pretrained and not kind.has_pretrained:
        told = f"Models for {kind.words.samples} have no pretrained weights; choose to start from scratch."
        read.refuse("pretrained", told)
    defaults = kind.defaults(Preset(preset or Preset.QUICK), model, pretrained)
    chosen = _chosen(read, kind, defaults, limits)
    if read.errors:
        raise RecipeInvalid(read.errors)
    merged = {"task": kind.task, "preset": Preset(preset or Preset.QUICK), **defaults, **chosen}
    if kind.is_convex(merged) and _left_to_the_solver(defaults, chosen):
        merged["solver"] = "newton"
    if chosen["reduce_lr_on_plateau"] or chosen["step_lr"]:
        merged["schedule"] = "constant"
    return Recipe(**merged)


def _chosen(read: FieldReader, kind: Kind, defaults: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    batch = getattr(limits, kind.batch_size_limit)
    epochs = read.integer("epochs", limits.epochs, defaults["epochs"])
    rate = read.number("learning_rate", limits.learning_rate, defaults["learning_rate"])
    plateau = read.group("reduce_lr_on_plateau", ("factor", "patience", "min_lr"))
    step = read.group("step_lr", ("step_size", "gamma"))
    chosen: dict[str, Any] = {
        "optimizer": read.choice("optimizer", ["sgd", "adam", "adamw"], defaults["optimizer"]),
        "learning_rate": rate,
        "batch_size": read.integer("batch_size", batch, defaults["batch_size"]),
        "epochs": epochs,
        "data_split": read.share("data_split", limits.data_split, defaults.get("data_split", 0.8)),
        "seed": read.integer("seed", (0, 2**32 - 1), 1),
        "early_stopping": read.patience("early_stopping", limits.epochs[1], defaults.get("early_stopping")),
        "class_weights": bool(read.flag("class_weights", False)),
        "reduce_lr_on_plateau": None,
        "step_lr": None,
    }
    if plateau is not None:
        low = limits.plateau_min_lr[0]
        chosen["reduce_lr_on_plateau"] = ReduceLROnPlateau(
            factor=plateau.number("factor", limits.plateau_factor, 0.1) or 0.1,
            patience=plateau.integer("patience", limits.plateau_patience, 5) or 5,
            min_lr=plateau.number("min_lr", limits.plateau_min_lr, low) or low,
        )
        if rate is not None and chosen["reduce_lr_on_plateau"].min_lr > rate:
            plateau.refuse("min_lr", f"Must not be above the learning rate ({plain(rate)}).")
    if step is not None:
        chosen["step_lr"] = StepLR(
            step_size=step.integer("step_size", limits.step_size, 4) or 4,
            gamma=step.number("gamma", limits.step_gamma, 0.1) or 0.1,
        )
    for group in (plateau, step):
        if group is not None:
            read.errors.update(group.errors)
    return chosen


def _left_to_the_solver(defaults: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    scheduled = chosen["reduce_lr_on_plateau"] or chosen["step_lr"]
    return not scheduled and all(chosen[name] == defaults[name] for name in LOOP_FIELDS)
