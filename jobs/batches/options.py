"""What one may choose about a batch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from jobs.batches.errors import BatchInvalid

TOP_K = (1, 20)
FRAMES_PER_SECOND = (0.1, 10.0)
FIELDS = ("top_k", "frames_per_second", "input_column")


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchOptions:
    """How many labels for each item; of a video how many frames a second; of a table which column.

    `learnt_columns` are not the user's to choose: those that the model learnt from.
    """

    top_k: int = 5
    frames_per_second: float = 1.0
    input_column: str | None = None
    learnt_columns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_fields(cls, given: Mapping[str, Any]) -> Self:
        """Reads the fields of a request; an empty column is none, an empty number is wrong. Raises BatchInvalid."""
        values: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, read in (("top_k", _top_k), ("frames_per_second", _rate), ("input_column", _column)):
            text = given.get(name)
            if text is None:
                continue
            try:
                values[name] = read(text)
            except ValueError as error:
                errors[name] = [str(error)]
        if errors:
            raise BatchInvalid(" ".join(text for texts in errors.values() for text in texts), fields=errors)
        return cls(**values)


def _top_k(value: Any) -> int:
    low, high = TOP_K
    text = str(value).strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 4 or not low <= int(text) <= high:
        raise ValueError(f"`top_k` must be a whole number from {low} to {high}.")
    return int(text)


def _rate(value: Any) -> float:
    low, high = FRAMES_PER_SECOND
    try:
        rate = float(str(value).strip().replace(",", "."))
    except ValueError:
        rate = 0.0
    if not low <= rate <= high:
        raise ValueError(f"`frames_per_second` must be a number from {low:g} to {high:g}.")
    return rate


def _column(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > 1_000:
        raise ValueError("`input_column` must be the name of a column.")
    return value or None
