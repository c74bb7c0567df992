"""Finds that classes are in an order, by their names: numbers, stars, grades, words of a scale. Plain Python."""

import re
from collections.abc import Sequence

_FEWEST, _MOST_NUMBERS = 3, 21
_NUMBER = re.compile(r"(-?\d{1,3})(?:\s*(?:stars?|points?|\u2605|/\s*\d{1,3}))?", re.IGNORECASE)
_STARS = re.compile("\u2605{1,10}|\u2b50{1,10}|\\*{1,10}")
# Words of scales, the lowest first; some of a scale are enough.
_SCALES = tuple(
    tuple(scale.split(" < "))
    for scale in (
        "very low < low < medium < high < very high",
        "low < medium < high < critical",
        "low < normal < high < urgent",
        "low < moderate < high",
        "none < mild < moderate < severe",
        "very small < small < medium < large < very large",
        "xs < s < m < l < xl < xxl",
        "very bad < bad < ok < good < very good",
        "bad < average < good",
        "terrible < poor < average < good < excellent",
        "very poor < poor < fair < good < very good < excellent",
        "very negative < negative < neutral < positive < very positive",
        "strongly disagree < disagree < neutral < agree < strongly agree",
        "never < rarely < sometimes < often < always",
        "very dissatisfied < dissatisfied < neutral < satisfied < very satisfied",
        "easy < medium < hard",
        "beginner < intermediate < advanced < expert",
        "minor < major < critical",
        "bronze < silver < gold < platinum",
        "cold < warm < hot",
        "young < middle-aged < old",
        "first < second < third < fourth < fifth",
    )
)
# So many letters are grades; three may be anything.
_GRADES, _FEWEST_GRADES = "ABCDEF", 4


def positions_of(labels: Sequence[str]) -> list[int] | None:
    """Where each of the classes stands on their scale, as a whole number; None where they are in no known order.

    Numbers must be without great gaps, and as many as people rate by: codes of classes look otherwise.
    """
    names = [" ".join(label.replace("_", " ").split()).casefold() for label in labels]
    if len(set(names)) < _FEWEST or len(set(names)) < len(names):
        return None
    found = _numbers(names) or _stars(names) or _grades(labels)
    if found is not None:
        return found
    for scale in _SCALES:
        if set(names) <= set(scale):
            # Of the words that are used alone: nobody said how far apart those between them would be.
            used = [word for word in scale if word in names]
            return [used.index(name) for name in names]
    return None


def in_order(labels: Sequence[str]) -> list[str]:
    """The classes, the lowest first; empty where they are in no known order."""
    positions = positions_of(labels)
    return [] if positions is None else [label for _, label in sorted(zip(positions, labels, strict=True))]


def _numbers(names: Sequence[str]) -> list[int] | None:
    matches = [_NUMBER.fullmatch(name) for name in names]
    if not all(matches):
        return None
    numbers = [int(match[1]) for match in matches if match]
    span = max(numbers) - min(numbers)
    if len(set(numbers)) < len(names) or span >= _MOST_NUMBERS or span > 2 * (len(names) - 1):
        return None
    return numbers if min(numbers) <= 1 else None


def _stars(names: Sequence[str]) -> list[int] | None:
    return [len(name) for name in names] if all(map(_STARS.fullmatch, names)) else None


def _grades(labels: Sequence[str]) -> list[int] | None:
    """Letters from A on, the best first: the position counts what is missing to it."""
    letters = [letter for letter in _GRADES if letter in labels]
    if sorted(labels) != letters or letters[0] != "A" or len(letters) < _FEWEST_GRADES:
        return None
    return [letters.index(label) for label in labels]
