"""Reads single values as they come over the wire and collects a sentence for each wrong one."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_RATIO = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*[:/]\s*(\d{1,3}(?:\.\d+)?)\s*", re.ASCII)
_MAX_CHARS = 40
_TRUE = {"true", "on", "yes", "1", "imagenet", "pretrained"}
_FALSE = {"false", "off", "no", "0", "scratch", "none"}


class FieldReader:
    """Reads the fields of `values`; `errors` maps `prefix` + field to its sentences."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self.values = values
        self.prefix = prefix
        self.errors: dict[str, list[str]] = {}

    def refuse(self, name: str, message: str) -> None:
        """Note that field `name` cannot be used because of `message`."""
        self.errors.setdefault(self.prefix + str(name), []).append(message)

    def choice(self, name: str, allowed: Sequence[str], default: str | None) -> str | None:
        """One of `allowed`, whatever its case; the default when it is missing or wrong."""
        value = self.values.get(name)
        if value is None:
            return default
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in allowed:
            return word
        self.refuse(name, f"Choose one of: {', '.join(allowed)}.")
        return default

    def flag(self, name: str, default: bool | None, choices: str = "true or false") -> bool | None:
        """True or false, also as the words that forms send; `choices` tells the user what they mean."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).strip().lower()[:_MAX_CHARS]
        if word not in _TRUE | _FALSE:
            self.refuse(name, f"Must be {choices}.")
            return default
        return word in _TRUE

    def number(self, name: str, bounds: tuple[float, float], default: float | None) -> float | None:
        """A finite number within `bounds` (inclusive)."""
        if name not in self.values or self.values[name] is None:
            return default
        number = as_number(self.values[name])
        low, high = bounds
        if number is None:
            self.refuse(name, f"Must be a number from {plain(low)} to {plain(high)}.")
        elif not low <= number <= high:
            self.refuse(name, f"Must be from {plain(low)} to {plain(high)}; you gave {plain(number)}.")
        else:
            return number
        return default

    def integer(self, name: str, bounds: tuple[int, int], default: int | None) -> int | None:
        """A whole number within `bounds` (inclusive)."""
        if name not in self.values or self.values[name] is None:
            return default
        number = as_number(self.values[name])
        low, high = bounds
        if number is None or number != int(number):
            self.refuse(name, f"Must be a whole number from {low} to {high}.")
        elif not low <= number <= high:
            self.refuse(name, f"Must be from {low} to {high}; you gave {plain(number)}.")
        else:
            return int(number)
        return default

    def patience(self, name: str, high: int, default: int | None) -> int | None:
        """A number of epochs; 0 or false switch it off."""
        value = self.values.get(name)
        if value is False or (isinstance(value, str) and value.strip().lower() in _FALSE):
            return None
        if value is True:
            return default or 5
        return self.integer(name, (0, high), default) or None

    def share(self, name: str, bounds: tuple[float, float], default: float) -> float:
        """A share of the whole: 0.8, "0.8", 80, "80%" or "80:20" all mean 0.8."""
        value = self.values.get(name)
        if value is None:
            return default
        number = _as_share(value)
        low, high = bounds
        if number is None:
            self.refuse(name, 'Must be the share for training, such as 0.8 or "80:20".')
        elif not low <= number <= high:
            self.refuse(
                name,
                f"The training share must be from {plain(low)} to {plain(high)}; you gave {plain(number)}.",
            )
        else:
            return number
        return default

    def group(self, name: str, keys: Sequence[str]) -> "FieldReader | None":
        """A reader for a nested object with optional `keys`; None when it is missing or switched off."""
        value = self.values.get(name)
        if value is None or value is False:
            return None
        if value is True:
            value = {}
        if not isinstance(value, Mapping):
            self.refuse(name, f"Must be an object with the keys {', '.join(keys)}.")
            return None
        inner = FieldReader({key: item for key, item in value.items() if item not in (None, "")}, f"{name}.")
        for key in value:
            if key not in keys:
                inner.refuse(str(key)[:_MAX_CHARS], f"This key is not known; the keys are {', '.join(keys)}.")
        return inner


def plain(number: float) -> str:
    """A number as people write it: 0.00001 and 2, not 1e-05 and 2.0; 1.2e+30 only where digits would not end."""
    if number and not 1e-10 <= abs(number) < 1e15:
        return f"{number:.4g}"
    whole, _, decimals = f"{number:.10f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def as_number(value: Any) -> float | None:
    """`value` as a finite float, or None when it is no number (booleans are none)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MAX_CHARS or not _NUMBER.fullmatch(text):
            return None
        value = text
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _as_share(value: Any) -> float | None:
    if isinstance(value, str):
        if ratio := _RATIO.fullmatch(value[:_MAX_CHARS]):
            train, rest = float(ratio[1]), float(ratio[2])
            return round(train / (train + rest), 6) if train + rest > 0 else None
        value = value.strip().removesuffix("%")
    number = as_number(value)
    return number / 100 if number is not None and number > 1 else number
