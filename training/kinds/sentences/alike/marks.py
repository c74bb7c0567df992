"""Marks of sentences, by which they are found again without being kept: hashes, and small MinHash values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.kinds.sentences.alike.near import SIGNATURE, plain, signatures
from training.kinds.sentences.alike.word_hashes import hashed

Marks = Mapping[str, NDArray[Any]]
Keys = tuple[NDArray[np.uint64], NDArray[np.uint64]]
# Of more sentences only equal ones are found: a signature takes 24 bytes.
MOST_SIGNED = 200_000
_SENTENCES_AT_ONCE, _QUERIES_AT_ONCE, _MOST_SHARING = 20_000, 2_000, 400
# Of fewer words only the same text is alike: everybody says "yes".
_FEWEST_WORDS = 4
# So many of the values must be equal. Each is one byte, of which one in 256 is equal by chance (Li & Koenig 2010).
_SAME_VALUES = 20
_BYTES_A_BAND = 3


def marks_of(sentences: Sequence[str], keys: Keys | None = None) -> dict[str, NDArray[Any]]:
    """`exact` and `loose`, uint64: hashes of texts, whatever their case and punctuation, the latter whatever their
    numbers, too; `signed` uint8 [n, 24]: what is left of the runs of five characters of each.

    `keys` are both hashes of all sentences, where they are known (`likeness.Likeness`).
    """
    exact, loose = keys or _keys(sentences)
    long = np.flatnonzero(loose).tolist() if len(sentences) <= MOST_SIGNED else []
    return {
        "exact": np.unique(exact[exact != 0]),
        "loose": np.unique(loose[loose != 0]),
        "signed": np.unique(_signed([sentences[place] for place in long]), axis=0),
    }


def seen_before(sentences: Sequence[str], marks: Marks) -> NDArray[np.bool_]:
    """Which of the sentences [N] are nearly the same as one that `marks_of` was given."""
    exact, loose = _keys(sentences)
    found: NDArray[np.bool_] = np.isin(exact, marks["exact"]) & (exact != 0)
    found |= np.isin(loose, marks["loose"]) & (loose != 0)
    asked = np.flatnonzero(~found & (loose != 0))
    if len(marks["signed"]) and len(asked):
        found[asked] = _near(_signed([sentences[place] for place in asked.tolist()]), marks["signed"])
    return found


def _keys(sentences: Sequence[str]) -> Keys:
    """Hashes [N] of each text, and of those with enough words whatever their numbers; 0 for none."""
    exact, loose = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
        texts = hashed(sentences[first : first + _SENTENCES_AT_ONCE])
        exact.append(texts.exact)
        loose.append(np.where(texts.counts >= _FEWEST_WORDS, texts.loose, np.uint64(0)))
    return np.concatenate(exact), np.concatenate(loose)


def _signed(sentences: Sequence[str]) -> NDArray[np.uint8]:
    """One byte of each MinHash value, uint8 [N, 24]."""
    parts = [np.zeros((0, SIGNATURE), np.uint8)]
    for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
        texts = [plain(sentence) for sentence in sentences[first : first + _SENTENCES_AT_ONCE]]
        parts.append((signatures(texts) & np.uint32(0xFF)).astype(np.uint8).T)
    return np.concatenate(parts)


def _near(asked: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of `asked` [N, 24] agree in most values with one of `known` [M, 24]; both must share a band for it."""
    found = np.zeros(len(asked), bool)
    for first in range(0, SIGNATURE, _BYTES_A_BAND):
        place = slice(first, first + _BYTES_A_BAND)
        keys = _band(known[:, place])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        left = np.flatnonzero(~found)
        for start in range(0, len(left), _QUERIES_AT_ONCE):
            some = left[start : start + _QUERIES_AT_ONCE]
            wanted = _band(asked[some][:, place])
            low, high = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
            found[some] |= _agree(asked[some], known, order, low, high)
    return found


def _agree(
    asked: NDArray[np.uint8],
    known: NDArray[np.uint8],
    order: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which agree with one of those at `order` from `low` to `high`; of very many a part is looked at."""
    counts = np.minimum(high - low, _MOST_SHARING)
    owners = np.repeat(np.arange(len(asked)), counts)
    places = (
        np.arange(int(counts.sum())) - np.repeat(counts.cumsum() - counts, counts) + np.repeat(low, counts)
    )
    same = (asked[owners] == known[order[places]]).sum(axis=1) >= _SAME_VALUES
    found = np.zeros(len(asked), bool)
    found[owners[same]] = True
    return found


def _band(values: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The bytes [N, 3] as one number each."""
    factors = np.array([1, 1 << 8, 1 << 16], np.uint32)
    keys: NDArray[np.uint32] = (values.astype(np.uint32) * factors).sum(axis=1, dtype=np.uint32)
    return keys
