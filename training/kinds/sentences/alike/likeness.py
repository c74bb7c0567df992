"""Finds sentences that come from one source: the same but for case, digits, the order of words and a few of these.

Words count by how rare they are, so that the questions of one template stay apart: what they share is common, what they
differ in is not. Weighted MinHash (Broder 1997, with exponential races) in bands; what shares a band is compared in
full. All of it works on arrays, a part of the sentences at a time: a million take seconds.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ground.samples import Samples
from training.ground.sources import SAME, Links, sources_of
from training.kinds.sentences.alike.word_hashes import Texts, hashed, mixed, odd_numbers

# Sentences that share this much of the weight of their words are alike.
ALIKE = 0.6
# Of fewer words only the same text is alike: everybody says "yes".
_FEWEST_WORDS = 4
_SIGNATURE, _ROWS_A_BAND = 12, 2
_ESTIMATE_ERROR = 0.2
# Few enough that what is made of them stays in a processor's cache.
_SENTENCES_AT_ONCE, _PAIRS_AT_ONCE = 2_000, 4_000
# Words are counted by the upper bits of their hashes.
_LOWER_BITS = np.uint32(11)
Floats = NDArray[np.float32]
Hashes = NDArray[np.uint32]
Indices = NDArray[np.int64]
Key = TypeVar("Key", np.int64, np.uint64)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Which of N sentences are likely from one source (`links`), and the hashes of their texts, uint64 [N], 0 for none.

    `exact` tells equal ones, whatever their case and punctuation, and `loose`, of those with enough words, whatever
    their numbers, too.
    """

    exact: NDArray[np.uint64]
    loose: NDArray[np.uint64]
    links: Links

    def of(self, places: Indices) -> "Likeness":
        """Of the sentences at these places alone, in this order."""
        moved = np.full(len(self.exact), -1, np.int64)
        moved[places] = np.arange(len(places))
        pairs = moved[self.links.pairs]
        kept = (pairs >= 0).all(axis=1)
        return Likeness(self.exact[places], self.loose[places], Links(pairs[kept], self.links.likeness[kept]))


def sentence_sources(samples: Samples[str], threads: int) -> Indices:
    """The source of each sentence, int64 [N]; see `sources_of`."""
    return sources_of(len(samples.items), alike_sentences(samples.items, threads), samples.groups)


def alike_sentences(sentences: Sequence[str], threads: int = 1) -> Links:
    """Sentences that are likely from one source."""
    return compared(sentences, threads).links


def compared(sentences: Sequence[str], threads: int = 1) -> Likeness:
    """What there is to know of how alike sentences are."""
    firsts = range(0, max(len(sentences), 1), _SENTENCES_AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        texts = list(pool.map(lambda first: hashed(sentences[first : first + _SENTENCES_AT_ONCE]), firsts))
        words = np.concatenate([text.words for text in texts])
        weights = _weights(words, len(sentences))
        signatures = np.concatenate(list(pool.map(partial(_signed, weights=weights), texts)))
    exact, loose, counts = (
        np.concatenate(some) for some in zip(*((t.exact, t.loose, t.counts) for t in texts), strict=True)
    )
    del texts
    loose[counts < _FEWEST_WORDS] = 0
    same = np.concatenate([_tied(keys, np.arange(len(keys))) for keys in (exact, loose)])
    # Of equal ones the first is enough.
    firsts_of_equal = np.unique(loose, return_index=True)[1]
    pairs = _candidates(signatures, np.sort(firsts_of_equal[loose[firsts_of_equal] != 0]))
    likeness = _shared(words, counts, weights, pairs)
    enough = likeness >= ALIKE
    # Never as sure as of the same.
    sure = np.concatenate([np.full(len(same), SAME), np.minimum(likeness[enough], 0.99)])
    links = Links(np.concatenate([same, pairs[enough]]), sure.astype(np.float32))
    return Likeness(exact, loose, links)


def _weights(words: Hashes, sentences: int) -> Floats:
    """What a word weighs, by the upper bits of its hash: the rarer, the more (inverse document frequency)."""
    counts = np.bincount(words >> _LOWER_BITS, minlength=1 << (32 - int(_LOWER_BITS)))
    return np.log1p(sentences / np.maximum(counts, 1)).astype(np.float32)


def _signed(text: Texts, weights: Floats) -> Hashes:
    """Values [N, 12] of each sentence (0 without words): two share one as likely as they share weight of words."""
    found = np.zeros((len(text.counts), _SIGNATURE), np.uint32)
    filled = np.flatnonzero(text.counts)
    starts = (text.counts.cumsum() - text.counts)[filled]
    if len(filled):
        slowness = -1 / weights[text.words >> _LOWER_BITS]
        for column, factor in enumerate(odd_numbers(_SIGNATURE)):
            chance = (mixed(text.words * factor).astype(np.float32) + np.float32(1)) * np.float32(2.0**-32)
            found[filled, column] = np.minimum.reduceat(np.log(chance) * slowness, starts).view(np.uint32)
    return found


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
    found = _once(np.concatenate(keys))
    pairs = np.stack([found // len(signatures), found % len(signatures)], axis=1)
    likely = [
        (signatures[part[:, 0]] == signatures[part[:, 1]]).mean(axis=1) >= ALIKE - _ESTIMATE_ERROR
        for part in _parts(pairs)
    ]
    found_likely: Indices = pairs[np.concatenate([*likely, np.zeros(0, bool)])]
    return found_likely


def _shared(words: Hashes, counts: Indices, weights: Floats, pairs: Indices) -> NDArray[np.float64]:
    """How much of the weight of the words of each pair both have: a Jaccard index."""
    starts = counts.cumsum() - counts
    shares = [np.zeros(0)]
    for part in _parts(pairs):
        both = part.T.ravel()
        shares.append(_jaccard(words[_ranges(starts[both], counts[both])], counts[both], weights))
    return np.concatenate(shares)


def _jaccard(words: Hashes, sizes: Indices, weights: Floats) -> NDArray[np.float64]:
    """Of sets of words, `sizes` [2 E] of each, how much weight the one at e shares with the one at E + e."""
    count = len(sizes) // 2
    pair = np.repeat(np.tile(np.arange(count, dtype=np.uint64), 2), sizes)
    side = np.repeat(np.array([0, 1], np.uint64), [sizes[:count].sum(), sizes[count:].sum()])
    once = _once(pair << np.uint64(33) | words.astype(np.uint64) << np.uint64(1) | side)
    twice = once[1:][once[1:] >> np.uint64(1) == once[:-1] >> np.uint64(1)]
    both, common = (_weighed(keys, count, weights) for keys in (once, twice))
    index: NDArray[np.float64] = common / np.maximum(both - common, 1e-6)
    return index


def _weighed(keys: NDArray[np.uint64], count: int, weights: Floats) -> NDArray[np.float64]:
    """The weight of all words of each of so many pairs; a key is the pair, the word and one bit."""
    words = (keys >> np.uint64(1) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    pairs = (keys >> np.uint64(33)).astype(np.int64)
    return np.bincount(pairs, weights[words >> _LOWER_BITS], count).astype(np.float64, copy=False)


def _once(keys: NDArray[Key]) -> NDArray[Key]:
    """Each of the keys once, in order.

    `np.unique` asks a table of hashes first, where keys that differ in a few bits meet, and takes 100 times as long.
    """
    keys = np.sort(keys)
    first = np.ones(len(keys), bool)
    first[1:] = keys[1:] != keys[:-1]
    return keys[first]


def _ranges(starts: Indices, sizes: Indices) -> Indices:
    """The places of all ranges, one after the other."""
    before = sizes.cumsum() - sizes
    return np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)


def _parts(pairs: Indices) -> list[Indices]:
    return [pairs[first : first + _PAIRS_AT_ONCE] for first in range(0, len(pairs), _PAIRS_AT_ONCE)]
