"""What sentences are like, see `training.evaluation.traits`."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from training.evaluation.traits import Trait

# Of a sentence so many letters tell its script.
_LETTERS = 60


def traits(items: Sequence[str], threads: int) -> list[Trait]:
    """How long they are, and in which script they are written."""
    return [
        Trait(
            name="length",
            unit="characters",
            numbers=np.array([len(item) for item in items], float),
            in_ratios=True,
        ),
        Trait(
            name="length in words",
            unit="words",
            numbers=np.array([len(item.split()) for item in items], float),
            in_ratios=True,
        ),
        Trait(name="script", words=[_script(item) for item in items]),
    ]


def _script(sentence: str) -> str:
    letters = [character for character in sentence if character.isalpha()][:_LETTERS]
    if not letters:
        return "no letters"
    return Counter(map(_script_of, letters)).most_common(1)[0][0]


@cache
def _script_of(letter: str) -> str:
    """As the name of the letter in Unicode begins: Latin, Cyrillic, Cjk."""
    word = unicodedata.name(letter, "other").split()[0].split("-")[0]
    return "Chinese characters" if word == "CJK" else word.capitalize()
