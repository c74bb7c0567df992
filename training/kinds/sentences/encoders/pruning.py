"""Which pieces of a vocabulary of many languages a model needs: of a quarter of a million most never come up."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import name

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

# Below, there is little to gain.
_LEAST_PIECES = 60_000
_MOST_FREQUENT, _LEAST_OF_A_SCRIPT = 30_000, 3_000
# What fewer of the letters are is a word here and there.
_LEAST_SHARE = 0.01
_LOOKED_AT, _AT_ONCE = 5_000, 1_000
_WORD_BEGINS = "\u2581"


def needed(
    tokenizer: Tokenizer, vocabulary: Sequence[tuple[str, float]], sentences: Sequence[str]
) -> NDArray[np.int64]:
    """The ids of those of the `vocabulary` (pieces with their scores, of a Unigram, Kudo 2018) that are kept.

    These are all that `sentences` are cut into, so that they are cut as before; of those in their scripts the ones that
    are most frequent elsewhere, for texts to come; and single letters, so that none becomes unknown.
    """
    if len(vocabulary) < _LEAST_PIECES:
        return np.arange(len(vocabulary))
    kept = np.array([len(piece.removeprefix(_WORD_BEGINS)) <= 1 for piece, _ in vocabulary])
    for start in range(0, len(sentences), _AT_ONCE):
        for encoding in tokenizer.encode_batch_fast(list(sentences[start : start + _AT_ONCE])):
            kept[[found for found in encoding.ids if found < len(kept)]] = True
    shares = shares_of_scripts(sentences)
    left = {each: max(round(share * _MOST_FREQUENT), _LEAST_OF_A_SCRIPT) for each, share in shares.items()}
    for place in np.argsort([-score for _, score in vocabulary], kind="stable"):
        own = scripts_of(vocabulary[place][0]) or {""}
        if all(left.get(each, 0) > 0 for each in own):
            kept[place] = True
            left.update({each: left[each] - 1 for each in own})
    return np.flatnonzero(kept)


def shares_of_scripts(sentences: Sequence[str]) -> dict[str, float]:
    """The scripts that one in a hundred signs is of, at least; of those that are no letters it is called ""."""
    some = sentences[:: -(-len(sentences) // _LOOKED_AT)] if sentences else ()
    signs = (sign for sentence in some for sign in sentence if not sign.isspace())
    found = Counter(script(sign) if sign.isalpha() else "" for sign in signs)
    shares = {each: count / found.total() for each, count in found.items()}
    return {each: share for each, share in shares.items() if share >= _LEAST_SHARE}


def scripts_of(text: str) -> set[str]:
    """The scripts of its letters."""
    return {script(letter) for letter in text if letter.isalpha()}


@lru_cache(maxsize=100_000)
def script(letter: str) -> str:
    """What Unicode's name of a letter begins with: LATIN, CJK, THAI."""
    return name(letter, "").partition(" ")[0]
