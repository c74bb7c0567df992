"""What is specified of a hyperparameter, and how its value is read; free of torch and Django."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.ground.limits import Limits
from training.ground.wire_values import FieldReader, plain
from training.kinds import KINDS, Kind

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


def _everywhere(kind: Kind) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Hyperparameter:
    """One hyperparameter.

    `name` is the word on the wire and in `Recipe`; `form_name` that of its form field, where it differs.
    `label` and `help` are for people. Where there is no `help`, `about` says it, in a form with the bounds.
    `default` holds where neither the user nor the preset says anything; `preset_gives` marks what every preset
    decides, which blank form fields show. `bounds` (inclusive) and `choices` (value and title) may depend on the
    kind of task. Where it does not `apply`, only a value that switches it off is taken; others are refused with the
    sentence `elsewhere`. A flag with `choices` (first the word for true, then for false) is a question with three
    answers, the third being the preset's; `words` says them in a sentence. `off_option` is the command-line option
    for false, and `off_help` what that one does. One that is of a single preset is asked for where that is chosen.
    """

    name: str
    type: ValueType
    label: str
    help: str = ""
    about: str = ""
    default: Any = None
    preset_gives: bool = False
    # Drawn among the first questions of a form instead of under "Advanced".
    basic: bool = False
    # The heading that it stands under there.
    group: str = ""
    only_preset: str = ""
    bounds: Callable[[Limits, Kind], Bounds] | None = None
    choices: Callable[[Kind], tuple[Choice, ...]] | None = None
    parts: tuple["Hyperparameter", ...] = ()
    form_name: str = ""
    words: str = "true or false"
    off_option: str = ""
    off_help: str = ""
    applies: Callable[[Kind], bool] = _everywhere
    elsewhere: str = ""

    @property
    def field(self) -> str:
        """The name of its form field."""
        return self.form_name or self.name

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return self.off_option or f"--{self.name.replace('_', '-')}"

    @property
    def example(self) -> str:
        """An object with the defaults of all parts, as JSON."""
        return "{" + ", ".join(f'"{part.name}": {plain(part.default)}' for part in self.parts) + "}"

    def range(self, limits: Limits, kind: Kind | None = None) -> Bounds:
        """(low, high) for one kind of task, or for any of them; only for types that have bounds."""
        assert self.bounds is not None, self.name
        each = [self.bounds(limits, one) for one in ([kind] if kind else self.kinds())]
        return min(low for low, _ in each), max(high for _, high in each)

    def values(self, kind: Kind | None = None) -> tuple[Choice, ...]:
        """(value, title) of each choice of one kind, or of all of them; empty where anything may be said."""
        if self.choices is None:
            return ()
        each = [self.choices(one) for one in ([kind] if kind else self.kinds())]
        return tuple(dict.fromkeys(choice for choices in each for choice in choices))

    def kinds(self) -> list[Kind]:
        """The kinds of task that know it."""
        return [kind for kind in KINDS.values() if self.applies(kind)]

    @property
    def is_tick(self) -> bool:
        """Whether it is switched on by a tick, whose label is a sentence."""
        return self.type is ValueType.OBJECT or (self.type is ValueType.FLAG and not self.choices)

    @property
    def meaning(self) -> str:
        """What it does, in words that stand alone."""
        if self.is_tick:
            return f"{self.label}. {self.help}".strip()
        return self.help or self.about or f"{self.label}."

    def hint(self, limits: Limits, kind: Kind | None = None) -> str:
        """What a person reads beside it: what it does, in a line, and its bounds where the line does not imply them."""
        bounds = range_words(self.range(limits, kind)) if self.bounds and not self.help else ""
        if not (self.about and bounds):
            return self.help or self.about or bounds
        return f"{self.about.removesuffix('.')}: {bounds}."

    def read(self, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
        """The user's value of it, or `default`; what cannot be used is noted in `reader`.

        Of an object: a dict of all its parts, or None when it is missing or switched off.
        """
        value = _READERS[self.type](self, reader, kind, limits, default)
        if value and self.name in reader.values and not self.applies(kind):
            reader.refuse(self.name, self.elsewhere)
        return value


def range_words(bounds: Bounds) -> str:
    """Bounds as people write them: 0.00001 to 2, 1 to 4,096."""
    return " to ".join(plain(bound) if isinstance(bound, float) else f"{bound:,}" for bound in bounds)


def _read_choice(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    return reader.choice(spec.name, [value for value, _ in spec.values(kind)], default)


def _read_number(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    return reader.number(spec.name, spec.range(limits, kind), default)


def _read_integer(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    return reader.integer(spec.name, _whole(spec.range(limits, kind)), default)


def _read_patience(
    spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any
) -> Any:
    return reader.patience(spec.name, _whole(spec.range(limits, kind))[1], default)


def _read_share(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    return reader.share(spec.name, spec.range(limits, kind), default)


def _read_flag(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    return reader.flag(spec.name, default, spec.words)


def _read_object(spec: Hyperparameter, reader: FieldReader, kind: Kind, limits: Limits, default: Any) -> Any:
    inner = reader.group(spec.name, [part.name for part in spec.parts])
    if inner is None:
        return default
    values = {part.name: part.read(inner, kind, limits, part.default) for part in spec.parts}
    reader.errors.update(inner.errors)
    return values


def _whole(bounds: Bounds) -> tuple[int, int]:
    return int(bounds[0]), int(bounds[1])


_READERS: Mapping[ValueType, Callable[[Hyperparameter, FieldReader, Kind, Limits, Any], Any]] = {
    ValueType.CHOICE: _read_choice,
    ValueType.INTEGER: _read_integer,
    ValueType.NUMBER: _read_number,
    ValueType.SHARE: _read_share,
    ValueType.FLAG: _read_flag,
    ValueType.PATIENCE: _read_patience,
    ValueType.OBJECT: _read_object,
}
