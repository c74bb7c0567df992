"""What the user wants to be trained, and how: a frozen record, and how the user's words become one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from training.ground import hyperparameters
from training.ground.hyperparameters import GROUPS, Hyperparameters
from training.ground.limits import Limits
from training.ground.machine import Machine
from training.ground.wire_values import FieldReader, plain
from training.kinds import ONE_LABEL, Kind, Preset, UnknownKind, kind_of

VERSION = 1
FIELDS = tuple(spec.name for spec in hyperparameters.HYPERPARAMETERS)
# These decide the defaults of all others.
_FIRST = ("preset", "model", "pretrained")
# What preset Auto searches for.
SEARCHED = (
    "optimizer",
    "learning_rate",
    "batch_size",
    "epochs",
    "early_stopping",
    "reduce_lr_on_plateau",
    "step_lr",
)
# Whoever sets one of these wants that very loop, not the closed-form solver of the quick presets.
LOOP_FIELDS = ("optimizer", "learning_rate", "batch_size", "epochs")


class RecipeInvalid(ValueError):
    """Some fields cannot be used; `fields` maps each to sentences that say what to change."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(messages)}" for name, messages in fields.items()))
        self.fields = {name: list(messages) for name, messages in fields.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe(Hyperparameters):
    """Everything that a model depends on besides its data; stored beside the weights.

    `task` is that of a kind; `target` says what is learnt from each sample, which the data decides. What a user may set
    comes first, see `Hyperparameters`. `model_chosen` says that the user named the model; else a kind may take another
    that suits the samples better. `solver` "newton" fits a linear model to its optimum (L-BFGS); "gradient" runs the
    optimizer, rate, batch size and epochs as given.
    """

    version: int = VERSION
    task: str
    target: str = ONE_LABEL
    # The classes are in an order (`training.targets.label_order`), so it is told by how much answers are off.
    ordered: bool = False
    model_chosen: bool = False
    freeze: bool = False
    solver: Literal["newton", "gradient"] = "gradient"
    schedule: Literal["cosine", "constant"] = "cosine"
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
            for name, rule in GROUPS.items():
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
    specs = {spec.name: spec for spec in hyperparameters.HYPERPARAMETERS}
    for name in values:
        if name not in specs:
            read.refuse(name, "This field is not known; remove it.")
    first = {name: specs[name].read(read, kind, limits, specs[name].default) for name in _FIRST}
    preset = Preset(first["preset"])
    defaults = kind.defaults(preset, first["model"], first["pretrained"])
    chosen = {
        name: spec.read(read, kind, limits, defaults.get(name, spec.default))
        for name, spec in specs.items()
        if name not in _FIRST
    }
    _check_lowest_rate(read, chosen)
    _check_search(read, preset)
    if read.errors:
        raise RecipeInvalid(read.errors)
    chosen |= {name: rule(**chosen[name]) for name, rule in GROUPS.items() if chosen[name]}
    named = first["model"] is not None
    merged = {"task": kind.task, "preset": preset, "model_chosen": named, **defaults, **chosen}
    if kind.is_convex(merged) and _left_to_the_solver(defaults, chosen):
        merged["solver"] = "newton"
    if chosen["reduce_lr_on_plateau"] or chosen["step_lr"]:
        merged["schedule"] = "constant"
    return Recipe(**merged)


def _check_lowest_rate(read: FieldReader, chosen: Mapping[str, Any]) -> None:
    plateau, rate = chosen["reduce_lr_on_plateau"], chosen["learning_rate"]
    if plateau and plateau["min_lr"] > rate:
        message = f"Must not be above the learning rate ({plain(rate)})."
        read.refuse("reduce_lr_on_plateau.min_lr", message)


def _check_search(read: FieldReader, preset: Preset) -> None:
    """What makes sense only with preset Auto, and only without it."""
    if preset is not Preset.AUTO and "budget_minutes" in read.values:
        read.refuse("budget_minutes", "This is for preset Auto. Leave it empty, or choose that preset.")
    for name in SEARCHED if preset is Preset.AUTO else ():
        if read.values.get(name):
            read.refuse(name, "Preset Auto finds this itself. Leave it empty, or choose another preset.")


def _left_to_the_solver(defaults: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    scheduled = chosen["reduce_lr_on_plateau"] or chosen["step_lr"]
    return not scheduled and all(chosen[name] == defaults[name] for name in LOOP_FIELDS)
