"""Finds sentences that are nearly the same."""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Pairs

_MOST_PAIRS = 20_000

_SHINGLE = 5
_LOOKED_AT_CHARACTERS = 1_000
# MinHash values of a sentence.
SIGNATURE, _ROWS_A_BAND = 24, 2
_ESTIMATE_ERROR = 0.2
_MOST_CANDIDATES = 200_000
# Each character of a text takes 40 bytes meanwhile.
_TEXTS_AT_ONCE = 10_000
_SAME_SHINGLES = 0.8
_PAIRS_AT_ONCE = 2_000
_LARGEST_BUCKET = 40
_ASCII_WORDS = bytes(ord(chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)).ljust(256)
_MULTIPLIER = np.uint32(0x9E3779B1)


def near_sentences(sentences: Sequence[str]) -> Pairs:
    """Pairs (i < j) of sentences that are the same but for case, punctuation and a few words.

    Candidates share a band of MinHash values of their runs of five characters (Broder 1997; only the first
    thousand characters count); four fifths of these runs must be the same.
    """
    texts = [plain(sentence)[:_LOOKED_AT_CHARACTERS] for sentence in sentences]
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        if text:
            groups.setdefault(text, []).append(i)
    pairs = {(i, j) for members in groups.values() for i, j in _all_pairs(members)}
    # Of equal sentences one is enough for the comparison with others.
    members = list(groups.values())
    for a, b in _alike(list(groups)):
        pairs.update((min(i, j), max(i, j)) for i in members[a] for j in members[b])
        if len(pairs) > _MOST_PAIRS:
            break
    return sorted(pairs)[:_MOST_PAIRS]


def near_of_many(sentences: Sequence[str], exact: NDArray[np.uint64], likely: NDArray[np.int64]) -> Pairs:
    """The same of very many sentences: each whose hash `exact` [N] is that of an earlier one, with the first of these.

    Besides, those of the pairs `likely` [E, 2], the likeliest first, that share four fifths of their runs. Hashes of
    all runs of all sentences would take longer than learning from them.
    """
    order = np.argsort(exact, kind="stable")
    order = order[exact[order] != 0]
    first = np.ones(len(order), bool)
    first[1:] = exact[order[1:]] != exact[order[:-1]]
    group = np.flatnonzero(first)[first.cumsum() - 1]
    found = [np.stack([order[group], order], axis=1)[~first]]
    likely = np.sort(likely[exact[likely[:, 0]] != exact[likely[:, 1]]][:_MOST_PAIRS], axis=1)
    for start in range(0, len(likely), _PAIRS_AT_ONCE):
        some = likely[start : start + _PAIRS_AT_ONCE]
        shingles = _Shingles([plain(sentences[i])[:_LOOKED_AT_CHARACTERS] for i in some.ravel().tolist()])
        found.append(some[shingles.similarities() >= _SAME_SHINGLES])
    pairs = np.unique(np.concatenate(found), axis=0)
    return [(i, j) for i, j in pairs[:_MOST_PAIRS].tolist()]


def plain(sentence: str) -> str:
    """Letters and digits alone, in one case, with single spaces between words."""
    if sentence.isascii():
        # The same in a tenth of the time.
        return b" ".join(sentence.encode().translate(_ASCII_WORDS).split()).decode()
    folded = unicodedata.normalize("NFKC", sentence).casefold()
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)
    return " ".join(kept.split())


def signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """MinHash values, uint32 [24, N], of the beginnings of texts that `plain` gave."""
    found = [np.zeros((SIGNATURE, 0), np.uint32)]
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        some = [text[:_LOOKED_AT_CHARACTERS] for text in texts[first : first + _TEXTS_AT_ONCE]]
        found.append(_Shingles(some).signatures())
    return np.concatenate(found, axis=1)


def _alike(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of texts that have most of their runs in common."""
    if len(texts) < 2:
        return
    values = signatures(texts)
    found: set[tuple[int, int]] = set()
    for first in range(0, SIGNATURE, _ROWS_A_BAND):
        band = np.ascontiguousarray(values[first : first + _ROWS_A_BAND].T).view(np.uint64).ravel()
        found.update(_sharing(band))
        if len(found) > _MOST_CANDIDATES:
            break
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    # The share of equal values estimates the index; counting it out is left for what comes close.
    shares = (values[:, pairs[:, 0]] == values[:, pairs[:, 1]]).mean(axis=0)
    for a, b in pairs[shares >= _SAME_SHINGLES - _ESTIMATE_ERROR].tolist():
        if _Shingles([texts[a], texts[b]]).similarity() >= _SAME_SHINGLES:
            yield a, b


def _all_pairs(members: list[int]) -> Iterator[tuple[int, int]]:
    """Every pair of a few; of many, the first with each."""
    if len(members) > _LARGEST_BUCKET:
        return ((members[0], j) for j in members[1:])
    return ((i, j) for place, i in enumerate(members) for j in members[place + 1 :])


class _Shingles:
    """Hashes of all runs of five characters (of the whole text, where it is shorter), and whose they are."""

    def __init__(self, texts: list[str]) -> None:
        padded = [text.ljust(_SHINGLE) for text in texts]
        joined = np.frombuffer("".join(padded).encode("utf-32-le"), np.uint32)
        lengths = np.array([len(text) for text in padded], np.int64)
        ends = lengths.cumsum()
        runs = np.zeros(max(len(joined) - _SHINGLE + 1, 0), np.uint32)
        for offset in range(_SHINGLE):
            runs = (runs ^ joined[offset : offset + len(runs)]) * _MULTIPLIER
            runs ^= runs >> np.uint32(15)
        owners = np.repeat(np.arange(len(texts)), lengths)[: len(runs)]
        whole = np.arange(len(runs)) + _SHINGLE <= ends[owners]
        self._runs = runs[whole]
        self._ends = (lengths - _SHINGLE + 1).cumsum()
        self._starts = self._ends - (lengths - _SHINGLE + 1)

    def signatures(self) -> NDArray[np.uint32]:
        """MinHash values, [24, N]."""
        random = np.random.default_rng(0)
        values = np.empty((SIGNATURE, len(self._starts)), np.uint32)
        for row in values:
            mixed = (self._runs ^ random.integers(2**32, dtype=np.uint32)) * _MULTIPLIER
            mixed ^= mixed >> np.uint32(15)
            row[:] = np.minimum.reduceat(mixed * _MULTIPLIER, self._starts)
        return values

    def similarity(self) -> float:
        """The Jaccard index of the runs of the first two texts."""
        first, second = (np.unique(self._runs[self._starts[i] : self._ends[i]]) for i in range(2))
        common = len(np.intersect1d(first, second, assume_unique=True))
        return common / (len(first) + len(second) - common)

    def similarities(self) -> NDArray[np.float64]:
        """The Jaccard index of the runs of each two texts that follow each other."""
        owners = np.repeat(np.arange(len(self._starts), dtype=np.uint64), self._ends - self._starts)
        pair, side = owners >> np.uint64(1), owners & np.uint64(1)
        keys = np.sort(pair << np.uint64(33) | self._runs.astype(np.uint64) << np.uint64(1) | side)
        once = np.ones(len(keys), bool)
        once[1:] = keys[1:] != keys[:-1]
        keys = keys[once]
        common = keys[1:][keys[1:] >> np.uint64(1) == keys[:-1] >> np.uint64(1)]
        count = len(self._starts) // 2
        all_, both = (
            np.bincount((some >> np.uint64(33)).astype(np.int64), minlength=count) for some in (keys, common)
        )
        index: NDArray[np.float64] = both / (all_ - both)
        return index


def _sharing(band: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    order = np.argsort(band, kind="stable")
    borders = np.flatnonzero(np.diff(band[order])) + 1
    sizes = np.diff(np.concatenate([[0], borders, [len(band)]]))
    starts = np.concatenate([[0], borders])
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        yield from _all_pairs(sorted(order[start : start + size].tolist()))
