"""Hashes of the words of many sentences at once, in any script."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Only the beginning of a long text counts.
_CHARACTERS = 1_000
_CODES = 0x10000
# Scripts without spaces: Thai and Lao, Burmese, Khmer, kana, Han. Each character is a word; a letter or syllable,
# which is what those before Han are made of, with the one behind it.
_UNSEGMENTED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF))
_HAN = 0x3400
_BASE = 0x9E3779B1
_ZERO = ord("0")
Hashes = NDArray[np.uint32]


class Texts(NamedTuple):
    """Of N sentences: `exact` and `loose` [N] tell equal ones, whatever their case and punctuation, the latter whatever
    their numbers, too; `counts` [N] of their `words`, which are in one row. 0 tells a sentence without words."""

    exact: NDArray[np.uint64]
    loose: NDArray[np.uint64]
    counts: NDArray[np.int64]
    words: Hashes


def hashed(sentences: Sequence[str]) -> Texts:
    """The words of the first thousand characters of each sentence."""
    cut = [sentence[:_CHARACTERS] for sentence in sentences]
    codes = np.frombuffer("\n".join([*cut, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = (np.fromiter(map(len, cut), np.int64, len(cut)) + 1).cumsum()
    letters, alone = _folded(codes)
    places = np.flatnonzero(letters)
    letters = letters[places]
    begins = np.ones(len(places), bool)
    begins[1:] = np.diff(places) > 1
    if alone is not None:
        alone = alone[places]
        begins[1:] |= alone[1:] | alone[:-1]
    starts = np.flatnonzero(begins)
    counts = np.diff(np.searchsorted(places[starts], ends), prepend=0)
    digits = np.flatnonzero(letters == _ZERO)
    # Of a number one digit is left.
    letters[digits[1:][np.diff(places[digits]) == 1]] = 0
    words = _words(letters, starts)
    if alone is not None:
        words = _with_next(words, alone[starts] & (codes[places[starts]] < _HAN), counts)
    loose = _texts(words, counts)
    return Texts(_with_digits(loose, codes, places, digits, ends), loose, counts, words)


@cache
def _tables() -> tuple[Hashes, NDArray[np.bool_]]:
    """Of each code: its character in one case and width, and whether it is of a script without spaces.

    All digits have the same character; what is no letter, mark or digit has 0.
    """
    table = np.zeros(_CODES, np.uint32)
    for code in range(_CODES):
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()[:1]
        if folded.isalnum() or (folded and unicodedata.category(folded)[0] == "M"):
            table[code] = _ZERO if folded.isdecimal() else ord(folded)
    alone = np.zeros(_CODES, bool)
    for low, high in _UNSEGMENTED:
        alone[low : high + 1] = True
    return table, alone


def _folded(codes: Hashes) -> tuple[Hashes, NDArray[np.bool_] | None]:
    """See `_tables`; what lies beyond stays as it is. None for no such script."""
    table, unsegmented = _tables()
    low = codes
    if (most := int(codes.max(initial=0))) >= _CODES:
        low = np.minimum(codes, _CODES - 1)
    letters = table[low]
    if most >= _CODES:
        letters = np.where(codes < _CODES, letters, codes)
    return letters, unsegmented[low] if most >= _UNSEGMENTED[0][0] else None


def _words(letters: Hashes, starts: NDArray[np.int64]) -> Hashes:
    """Hashes of words whose letters begin at `starts`: polynomials."""
    if not len(starts):
        return np.zeros(0, np.uint32)
    powers, inverse = _powers(1 << (len(letters) - 1).bit_length())
    return mixed(np.add.reduceat(letters * powers[: len(letters)], starts, dtype=np.uint32) * inverse[starts])


def _with_next(words: Hashes, letters: NDArray[np.bool_], counts: NDArray[np.int64]) -> Hashes:
    """The same, but each of the `letters` together with the word behind it in its sentence."""
    letters[counts.cumsum()[counts > 0] - 1] = False
    following = np.append(words[1:], np.uint32(0))
    return np.where(letters, mixed(words * np.uint32(3) + following), words)


def _texts(words: Hashes, counts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes of sentences with so many of the words each; two words changing places make another one."""
    ends = counts.cumsum()
    filled = np.flatnonzero(counts)
    found = np.zeros(len(counts), np.uint64)
    if len(filled):
        place = np.arange(len(words), dtype=np.uint64) - np.repeat(ends - counts, counts).astype(np.uint64)
        salted = _mixed_64(words.astype(np.uint64) + (place << np.uint64(32)))
        found[filled] = np.add.reduceat(salted, (ends - counts)[filled]) | np.uint64(1)
    return found


def _with_digits(
    loose: NDArray[np.uint64],
    codes: Hashes,
    places: NDArray[np.int64],
    digits: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.uint64]:
    exact = loose.copy()
    owners = np.searchsorted(ends, places[digits], side="right")
    first = np.searchsorted(places, np.append(0, ends[:-1]))
    place = (digits - first[owners]).astype(np.uint64)
    salted = _mixed_64(codes[places[digits]].astype(np.uint64) + (place << np.uint64(32)))
    np.add.at(exact, owners, salted << np.uint64(1))
    return exact


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The powers of a base and of its inverse, modulo 2^32."""
    both = []
    for base in (_BASE, pow(_BASE, -1, 1 << 32)):
        factors = np.full(count, base, np.uint32)
        factors[0] = 1
        both.append(np.multiply.accumulate(factors, dtype=np.uint32))
    return both[0], both[1]


@cache
def odd_numbers(count: int) -> Hashes:
    """Random odd numbers, to multiply hashes with."""
    return np.random.default_rng(3).integers(2**32, size=count, dtype=np.uint32) | np.uint32(1)


def mixed(values: Hashes) -> Hashes:
    """Hashes each bit of which depends on all of the values' (Wellons 2018)."""
    values = (values ^ values >> np.uint32(16)) * np.uint32(0x7FEB352D)
    values = (values ^ values >> np.uint32(15)) * np.uint32(0x846CA68B)
    found: Hashes = values ^ values >> np.uint32(16)
    return found


def _mixed_64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ values >> np.uint64(32)) * np.uint64(0xD6E8FEB86659FD93)
    found: NDArray[np.uint64] = values ^ values >> np.uint64(32)
    return found
