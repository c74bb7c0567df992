"""How good a model is, in one figure: a name, a value and an interval (95 %). Plain Python, for the web, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

ACCURACY, MICRO_F1 = "accuracy", "micro_f1"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreKind:
    """What a score is called, whether more of it is better, and how it is written.

    `decimals` are those of the percentage, or of the bare number where it is no percentage.
    """

    word: str
    higher_is_better: bool = True
    percentage: bool = True
    decimals: int = 1


# One line makes a score; all of them lie between 0 and 1.
SCORES: dict[str, ScoreKind] = {
    ACCURACY: ScoreKind(word="accuracy"),
    MICRO_F1: ScoreKind(word="F1 (micro)"),
    "map": ScoreKind(word="mAP", percentage=False, decimals=3),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """A value (0 to 1) under its name in `SCORES`; that of as many new samples is likely between `low` and `high`.

    The interval (95 %) is None where nobody knows it, or where too few sources tell.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.name not in SCORES:
            raise ValueError(f"There is no score {self.name!r}.")

    @property
    def kind(self) -> ScoreKind:
        """What is known of scores of this name."""
        return SCORES[self.name]

    @property
    def gain(self) -> float:
        """A number that is larger for a better score, to sort by."""
        return self.value if self.kind.higher_is_better else -self.value

    def is_better(self, other: "Score | None") -> bool:
        """Whether this one is better than `other`; anything is better than none, and scores of two names never mix."""
        return other is None or (self.name == other.name and self.gain > other.gain)

    @property
    def shown(self) -> str:
        """As a person reads it: 93.5 %, 0.482."""
        return show(self.name, self.value)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval, which holds the value itself, between 0 and 1; None where nobody knows it."""
        if self.low is None or self.high is None:
            return None
        # Rounding may put the end of an interval a hair beyond the value.
        return max(0.0, min(self.low, self.value)), min(1.0, max(self.high, self.value))

    def rounded(self) -> "Score":
        """With the six decimals that files and rows have."""
        low, high = (None if end is None else round(end, 6) for end in (self.low, self.high))
        return Score(name=self.name, value=round(self.value, 6), low=low, high=high)

    def lowered(self, by: float) -> "Score":
        """The same, taken to be too high by so much; its interval moves along."""
        value, low, high = (
            None if end is None else min(max(end - by, 0.0), 1.0) for end in (self.value, self.low, self.high)
        )
        return Score(name=self.name, value=value or 0.0, low=low, high=high)

    def to_json(self) -> dict[str, Any]:
        """As model.json, report.json and the events have it."""
        return {"name": self.name, "value": self.value, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
        low, high = (None if data.get(end) is None else float(data[end]) for end in ("low", "high"))
        return cls(name=data["name"], value=float(data["value"]), low=low, high=high)


def score_fields(score: Score) -> dict[str, Any]:
    """A score as report.json, model.json and the events have it; an accuracy also by the name that it always had."""
    fields: dict[str, Any] = {"score": score.to_json()}
    if score.name == ACCURACY:
        fields |= {"accuracy": score.value, "accuracy_interval": score.interval and list(score.interval)}
    return fields


def show(name: str, value: float) -> str:
    """A value of the score `name` as a person reads it: 93.5 %, 0.482."""
    kind = SCORES[name]
    return f"{100 * value:.{kind.decimals}f} %" if kind.percentage else f"{value:.{kind.decimals}f}"


def capitalised(word: str) -> str:
    """A score's word at the start of a sentence; its other letters stay as they are."""
    return word[:1].upper() + word[1:]


def best_epoch(rows: Sequence[Mapping[str, Any]], score: str) -> Mapping[str, Any] | None:
    """Of epochs, as report.json has them, the one with the best score of this name; ties by the lower loss."""
    sign, name = (1 if SCORES[score].higher_is_better else -1), f"val_{score}"
    measured = [row for row in rows if row[name] is not None]
    return max(measured, key=lambda row: (sign * row[name], -(row["val_loss"] or 0)), default=None)
