"""Finds sentences that come from one source: the same but for case, digits and a few words, or of one template.

MinHash of words and pairs of words that are not common (Broder 1997), in bands; what shares a band is compared in full.
All of it works on arrays, a part of the sentences at a time: a million take seconds.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.ground.samples import Samples
from training.ground.sources import SAME, Links, sources_of
from training.kinds.sentences.word_hashes import Texts, hashed, mixed, odd_numbers

# Sentences that share this much of their features are alike.
ALIKE = 0.5
# Of fewer words only the same text is alike: everybody says "yes".
_FEWEST_WORDS, _FEWEST_FEATURES = 4, 5
# A feature of more sentences than this share, and than so many, tells nothing of where one comes from.
_COMMON_SHARE, _COMMON_COUNT = 0.002, 20
_SIGNATURE, _ROWS_A_BAND = 12, 2
_ESTIMATE_ERROR = 0.2
_SENTENCES_AT_ONCE, _PAIRS_AT_ONCE = 20_000, 100_000
# Features are counted by the upper bits of their hashes.
_LOWER_BITS = np.uint32(11)
Hashes = NDArray[np.uint32]
Indices = NDArray[np.int64]


def sentence_sources(samples: Samples[str], threads: int) -> Indices:
    """The source of each sentence, int64 [N]; see `sources_of`."""
    return sources_of(len(samples.items), alike_sentences(samples.items, threads), samples.groups)


def alike_sentences(sentences: Sequence[str], threads: int = 1) -> Links:
    """Sentences that are likely from one source."""
    if len(sentences) < 2:
        return Links.none()
    firsts = range(0, len(sentences), _SENTENCES_AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        texts = list(pool.map(lambda first: hashed(sentences[first : first + _SENTENCES_AT_ONCE]), firsts))
        common = _common(texts, len(sentences))
        signed = list(pool.map(partial(_signed, common=common), texts))
    exact, loose, words = (
        np.concatenate(some) for some in zip(*((t.exact, t.loose, t.counts) for t in texts), strict=True)
    )
    signatures, sizes = (np.concatenate(some) for some in zip(*signed, strict=True))
    long = np.flatnonzero(words >= _FEWEST_WORDS)
    same = np.concatenate([_tied(exact, np.arange(len(exact))), _tied(loose, long)])
    # Of equal ones the first is enough.
    firsts_of_equal = np.unique(loose, return_index=True)[1]
    compared = np.intersect1d(firsts_of_equal, long[sizes[long] >= _FEWEST_FEATURES])
    pairs = _candidates(signatures, compared)
    likeness = _shared(texts, words, common, pairs)
    enough = likeness >= ALIKE
    # Never as sure as of the same.
    sure = np.concatenate([np.full(len(same), SAME), np.minimum(likeness[enough], 0.99)])
    return Links(np.concatenate([same, pairs[enough]]), sure.astype(np.float32))


def _features(words: Hashes, counts: Indices) -> Hashes:
    """Of each of sentences with so many words: each word, and each pair of neighbours (the last has none)."""
    following = np.append(words[1:], np.uint32(0))
    following[(counts.cumsum() - 1)[counts > 0]] = 0
    pairs = mixed(words * np.uint32(3) + following)
    return np.stack([words, pairs], axis=1).ravel()


def _common(texts: Sequence[Texts], sentences: int) -> NDArray[np.bool_]:
    """Which upper bits of features occur too often."""
    counts = np.zeros(1 << (32 - int(_LOWER_BITS)), np.int64)
    for text in texts:
        counts += np.bincount(_features(text.words, text.counts) >> _LOWER_BITS, minlength=len(counts))
    return counts > max(_COMMON_COUNT, int(_COMMON_SHARE * sentences))


def _telling(words: Hashes, counts: Indices, common: NDArray[np.bool_]) -> tuple[Hashes, Indices]:
    """The features that are not common, and how many there are of each sentence."""
    features = _features(words, counts)
    kept = ~common[features >> _LOWER_BITS]
    before = np.append(0, kept.cumsum())[np.append(0, 2 * counts.cumsum())]
    return features[kept], np.diff(before)


def _signed(text: Texts, common: NDArray[np.bool_]) -> tuple[Hashes, Indices]:
    """MinHash values [N, 12] of the telling features of each sentence (0 without any), and how many these are."""
    features, counts = _telling(text.words, text.counts, common)
    found = np.zeros((len(counts), _SIGNATURE), np.uint32)
    filled = np.flatnonzero(counts)
    starts = (counts.cumsum() - counts)[filled]
    if len(filled):
        for column, factor in enumerate(odd_numbers(_SIGNATURE)):
            found[filled, column] = np.minimum.reduceat(features * factor, starts)
    return found, counts


def _tied(keys: NDArray[np.uint64], places: Indices) -> Indices:
    """Pairs [E, 2] that tie each of `places` to one before with the same key; 0 is no key."""
    places = places[keys[places] != 0]
    order = places[np.argsort(keys[places])]
    same = keys[order[1:]] == keys[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


def _candidates(signatures: Hashes, places: Indices) -> Indices:
    """Pairs [E, 2] of these sentences that share a band, and likely enough of their features."""
    keys = []
    for first in range(0, _SIGNATURE, _ROWS_A_BAND):
        band = np.ascontiguousarray(signatures[:, first : first + _ROWS_A_BAND]).view(np.uint64).ravel()
        pairs = np.sort(_tied(band, places), axis=1)
        keys.append(pairs[:, 0] * len(signatures) + pairs[:, 1])
    found = np.unique(np.concatenate(keys))
    pairs = np.stack([found // len(signatures), found % len(signatures)], axis=1)
    likely = [
        (signatures[part[:, 0]] == signatures[part[:, 1]]).mean(axis=1) >= ALIKE - _ESTIMATE_ERROR
        for part in _parts(pairs)
    ]
    found_likely: Indices = pairs[np.concatenate([*likely, np.zeros(0, bool)])]
    return found_likely


def _shared(
    texts: Sequence[Texts], counts: Indices, common: NDArray[np.bool_], pairs: Indices
) -> NDArray[np.float64]:
    """The Jaccard index of the telling features of each pair."""
    words = np.concatenate([text.words for text in texts])
    starts = counts.cumsum() - counts
    shares = [np.zeros(0)]
    for part in _parts(pairs):
        both = part.T.ravel()
        own = words[_ranges(starts[both], counts[both])]
        features, sizes = _telling(own, counts[both], common)
        shares.append(_jaccard(features, sizes))
    return np.concatenate(shares)


def _jaccard(features: Hashes, sizes: Indices) -> NDArray[np.float64]:
    """Of sets of features, `sizes` [2 E] of each, how much the one at e shares with the one at E + e."""
    count = len(sizes) // 2
    pair = np.repeat(np.tile(np.arange(count, dtype=np.uint64), 2), sizes)
    side = np.repeat(np.array([0, 1], np.uint64), [sizes[:count].sum(), sizes[count:].sum()])
    once = np.unique(pair << np.uint64(33) | features.astype(np.uint64) << np.uint64(1) | side)
    twice = once[1:][once[1:] >> np.uint64(1) == once[:-1] >> np.uint64(1)]
    either, common = (
        np.bincount((keys >> np.uint64(33)).astype(np.int64), minlength=count) for keys in (once, twice)
    )
    index: NDArray[np.float64] = common / np.maximum(either - common, 1)
    return index


def _ranges(starts: Indices, sizes: Indices) -> Indices:
    """The places of all ranges, one after the other."""
    before = sizes.cumsum() - sizes
    return np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)


def _parts(pairs: Indices) -> list[Indices]:
    return [pairs[first : first + _PAIRS_AT_ONCE] for first in range(0, len(pairs), _PAIRS_AT_ONCE)]
