"""Every hyperparameter that a user may set, specified once; free of torch and Django.

Reading (`config.resolve`), the form, the API and its schema, the command line and the table in docs/api.md all follow
`HYPERPARAMETERS`. A new one is an entry here, and a field of `TrainConfig` which the training uses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.catalog import Preset, Task, models_for
from training.limits import Limits
from training.wire_values import FieldReader, plain

Bounds = tuple[float, float]
Choice = tuple[str, str]


class ValueType(StrEnum):
    """What a value is: on the wire, in a form and on the command line."""

    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    # A share of the whole: 0.8 or "80:20".
    SHARE = "share"
    FLAG = "flag"
    # A number of epochs; 0 switches it off.
    PATIENCE = "patience"
    # Switched on as a whole, with parts of its own.
    OBJECT = "object"


def _everywhere(task: Task) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Hyperparameter:
    """One hyperparameter.

    `name` is the word on the wire and in `TrainConfig`; `form_name` that of its form field, where it differs.
    `label` and `help` are for people; without `help` they are told the bounds. `default` holds where neither the user
    nor the preset says anything; `preset_gives` marks what every preset decides, shown in blank form fields.
    `bounds` (inclusive) and `choices` (value and title) may depend on the task. Where it does not `apply`, only a
    value that switches it off is taken; others are refused with the sentence `elsewhere`.
    A flag with `choices` (first the word for true, then for false) is a question with three answers, the third being
    the preset's; `words` says them in a sentence, and `off_option` is the command-line option for false.
    """

    name: str
    type: ValueType
    label: str
    help: str = ""
    default: Any = None
    preset_gives: bool = False
    # Drawn among the first questions of a form instead of under "Advanced".
    basic: bool = False
    bounds: Callable[[Limits, Task], Bounds] | None = None
    choices: Callable[[Task], tuple[Choice, ...]] | None = None
    parts: tuple["Hyperparameter", ...] = ()
    form_name: str = ""
    words: str = "true or false"
    off_option: str = ""
    applies: Callable[[Task], bool] = _everywhere
    elsewhere: str = ""

    @property
    def field(self) -> str:
        """The name of its form field."""
        return self.form_name or self.name

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return self.off_option or f"--{self.name.replace('_', '-')}"

    def range(self, limits: Limits, task: Task | None = None) -> Bounds:
        """(low, high) for one task, or for any of them; only for types that have bounds."""
        assert self.bounds is not None, self.name
        each = [self.bounds(limits, one) for one in ([task] if task else self.tasks())]
        return min(low for low, _ in each), max(high for _, high in each)

    def values(self, task: Task | None = None) -> tuple[Choice, ...]:
        """(value, title) of each choice of one task, or of all of them; empty where anything may be said."""
        if self.choices is None:
            return ()
        each = [self.choices(one) for one in ([task] if task else self.tasks())]
        return tuple(dict.fromkeys(choice for choices in each for choice in choices))

    def tasks(self) -> list[Task]:
        """The tasks that know it."""
        return [task for task in Task if self.applies(task)]

    def hint(self, limits: Limits, task: Task | None = None) -> str:
        """What a person reads beside it: its help, else its bounds."""
        return self.help or (range_words(self.range(limits, task)) if self.bounds else "")

    def read(self, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
        """The user's value of it, or `default`; what cannot be used is noted in `reader`.

        Of an object: a dict of all its parts, or None when it is missing or switched off.
        """
        value = _READERS[self.type](self, reader, task, limits, default)
        if value and self.name in reader.values and not self.applies(task):
            reader.refuse(self.name, self.elsewhere)
        return value


def range_words(bounds: Bounds) -> str:
    """Bounds as people write them: 0.00001 to 2, 1 to 4,096."""
    return " to ".join(plain(bound) if isinstance(bound, float) else f"{bound:,}" for bound in bounds)


def _read_choice(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    return reader.choice(spec.name, [value for value, _ in spec.values(task)], default)


def _read_number(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    return reader.number(spec.name, spec.range(limits, task), default)


def _read_integer(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    return reader.integer(spec.name, _whole(spec.range(limits, task)), default)


def _read_patience(
    spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any
) -> Any:
    return reader.patience(spec.name, _whole(spec.range(limits, task))[1], default)


def _read_share(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    return reader.share(spec.name, spec.range(limits, task), default)


def _read_flag(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    return reader.flag(spec.name, default, spec.words)


def _read_object(spec: Hyperparameter, reader: FieldReader, task: Task, limits: Limits, default: Any) -> Any:
    inner = reader.group(spec.name, [part.name for part in spec.parts])
    if inner is None:
        return default
    values = {part.name: part.read(inner, task, limits, part.default) for part in spec.parts}
    reader.errors.update(inner.errors)
    return values


def _whole(bounds: Bounds) -> tuple[int, int]:
    return int(bounds[0]), int(bounds[1])


_READERS: Mapping[ValueType, Callable[[Hyperparameter, FieldReader, Task, Limits, Any], Any]] = {
    ValueType.CHOICE: _read_choice,
    ValueType.INTEGER: _read_integer,
    ValueType.NUMBER: _read_number,
    ValueType.SHARE: _read_share,
    ValueType.FLAG: _read_flag,
    ValueType.PATIENCE: _read_patience,
    ValueType.OBJECT: _read_object,
}


# --- The hyperparameters, in the order in which forms and the guide show them ------------------------------------


def _models(task: Task) -> tuple[Choice, ...]:
    return tuple((spec.name, spec.title) for spec in models_for(task))


def _has_pretrained_models(task: Task) -> bool:
    return any(spec.imagenet_accuracy is not None for spec in models_for(task))


def _batch_size(limits: Limits, task: Task) -> Bounds:
    return limits.batch_size_image if task is Task.IMAGE else limits.batch_size_text


HYPERPARAMETERS = (
    Hyperparameter(
        name="preset",
        type=ValueType.CHOICE,
        label="How thorough?",
        help="Chooses whatever the other fields leave open; quick when it is missing.",
        choices=lambda task: tuple((preset.value, preset.value.capitalize()) for preset in Preset),
        default=Preset.QUICK.value,
        basic=True,
    ),
    Hyperparameter(name="model", type=ValueType.CHOICE, label="Model", choices=_models),
    Hyperparameter(
        name="pretrained",
        form_name="start_from",
        type=ValueType.FLAG,
        label="Start from",
        help="ImageNet weights know much already; from scratch takes more data and time.",
        choices=lambda task: (("imagenet", "ImageNet weights"), ("scratch", "Scratch (random weights)")),
        words="true (start from ImageNet weights) or false (from scratch)",
        off_option="--from-scratch",
        applies=_has_pretrained_models,
        elsewhere="Models of this kind have no pretrained weights; choose to start from scratch.",
    ),
    Hyperparameter(
        name="data_split",
        type=ValueType.SHARE,
        label="Training : validation",
        help="The validation share is never trained on; it measures the accuracy.",
        bounds=lambda limits, task: limits.data_split,
        choices=lambda task: tuple(
            (f"{share}:{100 - share}", f"{share} : {100 - share}") for share in (90, 80, 70, 60, 50)
        ),
        default=0.8,
    ),
    Hyperparameter(
        name="optimizer",
        type=ValueType.CHOICE,
        label="Optimizer",
        choices=lambda task: (("sgd", "SGD with momentum"), ("adam", "Adam"), ("adamw", "AdamW")),
        preset_gives=True,
    ),
    Hyperparameter(
        name="learning_rate",
        type=ValueType.NUMBER,
        label="Learning rate",
        bounds=lambda limits, task: limits.learning_rate,
        preset_gives=True,
    ),
    Hyperparameter(
        name="batch_size",
        type=ValueType.INTEGER,
        label="Batch size",
        bounds=_batch_size,
        preset_gives=True,
    ),
    Hyperparameter(
        name="epochs",
        type=ValueType.INTEGER,
        label="Epochs",
        bounds=lambda limits, task: limits.epochs,
        preset_gives=True,
    ),
    Hyperparameter(
        name="early_stopping",
        type=ValueType.PATIENCE,
        label="Stop early after",
        help="Epochs without gain; 0 turns it off.",
        bounds=lambda limits, task: (0, limits.epochs[1]),
        preset_gives=True,
    ),
    Hyperparameter(
        name="seed",
        type=ValueType.INTEGER,
        label="Seed",
        help="The same seed gives the same result again.",
        bounds=lambda limits, task: (0, 2**32 - 1),
        default=1,
    ),
    Hyperparameter(
        name="class_weights",
        type=ValueType.FLAG,
        label="Let rare classes count as much as common ones",
        help="Finds more of the rare ones, at some cost in accuracy.",
        default=False,
    ),
    Hyperparameter(
        name="reduce_lr_on_plateau",
        type=ValueType.OBJECT,
        label="Reduce the learning rate on a plateau",
        help="Lowers the learning rate when the validation loss stands still.",
        parts=(
            Hyperparameter(
                name="factor",
                form_name="plateau_factor",
                type=ValueType.NUMBER,
                label="Factor",
                bounds=lambda limits, task: limits.plateau_factor,
                default=0.1,
            ),
            Hyperparameter(
                name="patience",
                form_name="plateau_patience",
                type=ValueType.INTEGER,
                label="Patience in epochs",
                bounds=lambda limits, task: limits.plateau_patience,
                default=5,
            ),
            Hyperparameter(
                name="min_lr",
                form_name="plateau_min_lr",
                type=ValueType.NUMBER,
                label="Lowest learning rate",
                bounds=lambda limits, task: limits.plateau_min_lr,
                default=1e-5,
            ),
        ),
    ),
    Hyperparameter(
        name="step_lr",
        type=ValueType.OBJECT,
        label="Reduce the learning rate in steps",
        help="Lowers the learning rate every so many epochs.",
        parts=(
            Hyperparameter(
                name="step_size",
                type=ValueType.INTEGER,
                label="Step size in epochs",
                bounds=lambda limits, task: limits.step_size,
                default=4,
            ),
            Hyperparameter(
                name="gamma",
                form_name="step_gamma",
                type=ValueType.NUMBER,
                label="Gamma",
                bounds=lambda limits, task: limits.step_gamma,
                default=0.1,
            ),
        ),
    ),
)
