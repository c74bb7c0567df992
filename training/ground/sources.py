"""Puts samples that come from one source together: near-duplicates, versions of one picture, given groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of a source that likeness alone makes larger than this share of all samples, and than so many, only sure links stay.
_LARGE_SHARE, _LARGE_COUNT, _SURE = 0.02, 10, 0.97
# One that is larger than this even so is taken apart.
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

    def only(self, kept: NDArray[np.bool_]) -> "Links":
        """Those that are `kept` [E]."""
        return Links(self.pairs[kept], self.likeness[kept])

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
    large = _in_larger(found, links, max(_LARGE_COUNT, int(_LARGE_SHARE * count)))
    links = links.only(~large | (links.likeness >= _SURE))
    found = _components(count, links.pairs)
    for _ in range(_ROUNDS):
        giant = _in_larger(found, links, max(_LARGEST_COUNT, int(_LARGEST_SHARE * count)))
        giant &= links.likeness < SAME
        if not giant.any():
            break
        links = links.only(~giant | (links.likeness > np.median(links.likeness[giant])))
        found = _components(count, links.pairs)
    if groups:
        found = _components(count, np.concatenate([_chained(found.tolist()), _chained(groups)]))
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _in_larger(found: Indices, links: Links, most: int) -> NDArray[np.bool_]:
    """Which of the links lie in sources of more than `most` samples."""
    large: NDArray[np.bool_] = np.bincount(found, minlength=len(found))[found[links.pairs[:, 0]]] > most
    return large


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
