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
# Half of all pieces are in this script, of dozens of languages; of others there are a few thousand.
_OF_MANY_LANGUAGES = "LATIN"
# What fewer of the letters are is a word here and there.
_LEAST_SHARE = 0.01
_LOOKED_AT, _AT_ONCE = 5_000, 1_000
_WORD_BEGINS = "\u2581"
_SIGNS = 3


def needed(
    tokenizer: Tokenizer, vocabulary: Sequence[tuple[str, float]], sentences: Sequence[str]
) -> NDArray[np.int64]:
    """The ids of those of the `vocabulary` (pieces with their scores, of a Unigram, Kudo 2018) that are kept.

    These are all that `sentences` are cut into, so that they are cut as before; for texts to come, all of their
    scripts, but of Latin ones only those that may be of their language; and single letters, so that none becomes
    unknown.
    """
    if len(vocabulary) < _LEAST_PIECES:
        return np.arange(len(vocabulary))
    scripts, runs = frequent_scripts(sentences), runs_of(sentences)
    kept = np.array([_may_come_up(piece, scripts, runs) for piece, _ in vocabulary])
    for start in range(0, len(sentences), _AT_ONCE):
        for encoding in tokenizer.encode_batch_fast(list(sentences[start : start + _AT_ONCE])):
            kept[[found for found in encoding.ids if found < len(kept)]] = True
    return np.flatnonzero(kept)


def _may_come_up(piece: str, scripts: set[str], runs: set[str]) -> bool:
    if len(piece.removeprefix(_WORD_BEGINS)) <= 1:
        return True
    own = scripts_of(piece)
    return own <= scripts and (_OF_MANY_LANGUAGES not in own or set(_runs(piece)) <= runs)


def frequent_scripts(sentences: Sequence[str]) -> set[str]:
    """The scripts that one in a hundred letters is of, at least."""
    some = sentences[:: -(-len(sentences) // _LOOKED_AT)] if sentences else ()
    found = Counter(script(letter) for sentence in some for letter in sentence if letter.isalpha())
    return {each for each, count in found.items() if count >= _LEAST_SHARE * found.total()}


def runs_of(sentences: Sequence[str]) -> set[str]:
    """All three signs that follow one another somewhere, of which the first may be that a word begins."""
    words = {word for sentence in sentences for word in sentence.split()}
    return {run for word in words for run in _runs(_WORD_BEGINS + word)}


def _runs(text: str) -> list[str]:
    return [text[start : start + _SIGNS] for start in range(len(text) - _SIGNS + 1)]


def scripts_of(text: str) -> set[str]:
    """The scripts of its letters."""
    return {script(letter) for letter in text if letter.isalpha()}


@lru_cache(maxsize=100_000)
def script(letter: str) -> str:
    """What Unicode's name of a letter begins with: LATIN, CJK, THAI."""
    return name(letter, "").partition(" ")[0]
