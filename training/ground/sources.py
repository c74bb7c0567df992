"""Puts samples that come from one source together: near-duplicates, versions of one picture, given groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A source that likeness alone would make larger than this share of all samples, and than so many, is taken apart.
_LARGEST_SHARE, _LARGEST_COUNT = 0.1, 5
# How often its weaker links are cut.
_ROUNDS = 6
# Likeness of samples that are the same.
SAME = 1.0
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of samples, int64 [E, 2], that are alike, and how much [E]: up to 1, which is the same (`SAME`)."""

    pairs: Indices
    likeness: NDArray[np.float32]

    @classmethod
    def none(cls) -> "Links":
        """No pair at all."""
        return cls(np.zeros((0, 2), np.int64), np.zeros(0, np.float32))


def sources_of(count: int, links: Links, groups: Sequence[str] = ()) -> Indices:
    """The source of each of `count` samples, int64 [count]: numbers from 0 in the order in which they first appear.

    Whatever `links` ties together, and whatever has the same word in `groups` (empty, or [count]; "" stands for none),
    is one source. Likeness must not chain what is unrelated into one giant source: of one that is too large the weaker
    links are cut, round by round, those between equal samples never. A given group is never cut.
    """
    found = _components(count, links.pairs)
    pairs, likeness = links.pairs, links.likeness
    most = max(_LARGEST_COUNT, int(_LARGEST_SHARE * count))
    for _ in range(_ROUNDS):
        giant = np.bincount(found, minlength=count)[found] > most
        inside = giant[pairs[:, 0]] & (likeness < SAME) if len(pairs) else np.zeros(0, bool)
        if not inside.any():
            break
        kept = ~inside | (likeness > np.median(likeness[inside]))
        pairs, likeness = pairs[kept], likeness[kept]
        found = _components(count, pairs)
    if groups:
        found = _components(count, np.concatenate([_chained(found.tolist()), _chained(groups)]))
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _chained(names: Sequence[object]) -> Indices:
    """Pairs that tie each sample to the one before of the same name; "" is no name."""
    last: dict[object, int] = {}
    pairs = []
    for place, name in enumerate(names):
        if name != "":
            if name in last:
                pairs.append((last[name], place))
            last[name] = place
    return np.array(pairs, np.int64).reshape(-1, 2)


def _components(count: int, pairs: Indices) -> Indices:
    """The smallest index that each of `count` places is tied to by `pairs`, int64 [count]."""
    root = np.arange(count)
    first, second = pairs[:, 0], pairs[:, 1]
    while True:
        low = np.minimum(root[first], root[second])
        before = root.copy()
        for place in (first, second, before[first], before[second]):
            np.minimum.at(root, place, low)
        while not np.array_equal(root, root[root]):
            root = root[root]
        if np.array_equal(root, before):
            return root
