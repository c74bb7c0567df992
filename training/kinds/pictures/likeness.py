"""Finds pictures that come from one source: near-duplicates, mirrored, turned, cropped, lighter or darker versions.

A short descriptor of the coarse shapes of each picture, and of mirrored, turned and cropped versions of it, finds the
likeliest relative among all others; both are then laid over each other (`alignment`) and compared in detail.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.ground.sources import Links, sources_of
from training.kinds.pictures.alignment import FINE, GRID, colours_apart, compared, laid_over
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.views import described, products, views

# Descriptors as near as this are of one picture, mirrored or turned at most; less near than that, hardly of one.
_SURE, _POSSIBLE = 0.985, 0.5
# Once laid over each other, the correlation of the shapes that makes it worth while to look closer; then, closer, those
# of the shapes and of the details. Products of one outline on a blank background agree in the former only.
_NEARLY, _SHAPES, _DETAILS = 0.88, 0.92, 0.55
# The shares of red, green and blue in a picture may differ by so much.
_TINT = 0.04
# Grey levels that a picture must vary by: a blank one is like any other.
_LEAST_CONTRAST = 6.0
# Where there are more than a few, so many of them are asked for all versions first; the picture itself and its mirror
# image are always looked for.
_ASKED_FIRST, _ALWAYS = 2_000, (0, 1)
# So many are compared with each other at once; of more, only those near the same centre.
_FEW, _CENTRES_LOOKED_AT, _ROUNDS = 4_000, 2, 4
_PAIRS_AT_ONCE = 128
# Of larger pictures only as many as a processor's cache holds.
_COMPARED_AT_ONCE = 16
# Where fewer of so many pairs in turn than this share are relatives, less likely ones are not tried.
_TRIED_IN_TURN, _WORTH_TRYING = 512, 0.015
# Where fewer of the pictures than this have a relative, no second one is looked for.
_WORTH_ASKING = 0.05
_SEARCHES = 3
# No two pictures are as surely of one source as equal ones.
_LIKENESS = 0.99
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class _Candidates(NamedTuple):
    """Pairs [E, 2] of places, how near their descriptors are [E], and by which version of the second [E]."""

    pairs: Indices
    nearness: Floats
    version: Indices


def alike_pictures(descriptors: Descriptors, index: Indices) -> Links:
    """Pairs of places in `index`, places in `descriptors`, whose pictures are likely from one source."""
    grids = _coarse(descriptors.grids[index])
    # A blank picture is like any other.
    places = np.flatnonzero(grids.std(axis=(1, 2)) >= _LEAST_CONTRAST)
    if len(places) < 2:
        return Links.none()
    grids = grids[places]
    looks = _Looks(
        grids,
        descriptors.grids[index[places]],
        descriptors.shades[index[places]],
        _tints(descriptors.thumbnails[index[places]]),
    )
    search, links = _Search(grids), Links.none()
    asked, versions = np.arange(len(grids)), np.arange(len(views().maps))
    if len(grids) > _FEW:
        # What no version of some of them shows is not looked for in all.
        some = np.sort(
            np.random.default_rng(0).choice(len(grids), min(_ASKED_FIRST, len(grids)), replace=False)
        )
        shown = _confirmed(looks, search.nearest(some, asked, versions)).version
        versions = np.union1d(_ALWAYS, shown)
    sources = np.arange(len(grids))
    for _ in range(_SEARCHES):
        kept = _confirmed(looks, search.nearest(asked, sources, versions))
        links = Links(
            np.concatenate([links.pairs, kept.pairs]), np.concatenate([links.likeness, kept.nearness])
        )
        # Who has one relative may have more; most have none.
        related = np.unique(links.pairs)
        if len(related) < _WORTH_ASKING * len(grids):
            break
        before, sources = sources, sources_of(len(grids), links)
        # Whoever's source is the same would find what did not agree before.
        asked = related[_sizes(sources)[related] != _sizes(before)[related]]
        if not len(asked):
            break
    return Links(places[links.pairs], links.likeness)


def _sizes(sources: Indices) -> Indices:
    """How many are in the source of each, [N]."""
    sizes: Indices = np.bincount(sources)[sources]
    return sizes


class _Looks(NamedTuple):
    """Grey pictures [N, 24, 24] and uint8 [N, 48, 48], coloured ones [N, 12, 12, 3], and the tints [N, 3]."""

    coarse: Floats
    fine: NDArray[np.uint8]
    shades: NDArray[np.uint8]
    tint: Floats


def _coarse(fine: NDArray[np.uint8]) -> Floats:
    """Means of 24 cells in each direction."""
    step = FINE // GRID
    found = np.zeros((len(fine), GRID, GRID), np.float32)
    for down in range(step):
        for across in range(step):
            found += fine[:, down::step, across::step]
    found /= step * step
    return found


def _tints(thumbnails: NDArray[np.uint8]) -> Floats:
    """The shares [N, 3] of red, green and blue in the light of pictures."""
    light = thumbnails.astype(np.float32).sum(axis=(1, 2))
    shares: Floats = light / np.maximum(light.sum(axis=1, keepdims=True), 1)
    return shares


class _Search:
    """Descriptors of all pictures, divided so that the nearest are found quickly."""

    def __init__(self, grids: Floats) -> None:
        self._grids = grids
        self._base = next(described(grids, np.array([0])))[1]
        self._rooms = _Rooms(self._base)

    def nearest(self, asked: Indices, sources: Indices, versions: Indices) -> _Candidates:
        """For each of the pictures at `asked` the one of another source of which it is likest one of the versions."""
        best = np.full(len(asked), -1, np.float32)
        other, version = np.zeros((2, len(asked)), np.int64)
        single = int(sources.max()) + 1 == len(sources)
        for number, query in described(self._grids[asked], versions):
            for mine, theirs in self._rooms.meetings(query):
                near = products(query[mine], self._base[theirs].T)
                if single:
                    itself = np.minimum(np.searchsorted(theirs, asked[mine]), len(theirs) - 1)
                    here = np.flatnonzero(theirs[itself] == asked[mine])
                    near[here, itself[here]] = -1
                else:
                    near[sources[asked[mine]][:, None] == sources[theirs]] = -1
                place = near.argmax(axis=1)
                value = near[np.arange(len(mine)), place]
                better = value > best[mine]
                some = mine[better]
                best[some], other[some], version[some] = value[better], theirs[place[better]], number
        kept = best >= _POSSIBLE
        return _Candidates(np.stack([asked, other], axis=1)[kept], best[kept], version[kept])


class _Rooms:
    """Divides descriptors by the nearest of some centres, so that each is compared with few others (k-means)."""

    def __init__(self, base: Floats) -> None:
        count = int(len(base) ** 0.5) if len(base) > _FEW else 1
        random = np.random.default_rng(0)
        self._centres = base[random.choice(len(base), count, replace=False)]
        some = base[random.permutation(len(base))[: 40 * count]]
        for _ in range(_ROUNDS if count > 1 else 0):
            own = products(some, self._centres.T).argmax(axis=1)
            for centre in range(count):
                if (members := some[own == centre]).size:
                    mean = members.mean(axis=0)
                    self._centres[centre] = mean / max(float(np.linalg.norm(mean)), 1e-6)
        self._members = self._by_centre(base, 1)

    def meetings(self, query: Floats) -> Iterator[tuple[Indices, Indices]]:
        """Places of queries, and of the descriptors that they are to be compared with."""
        for mine, theirs in zip(self._by_centre(query, _CENTRES_LOOKED_AT), self._members, strict=True):
            if len(theirs):
                for first in range(0, len(mine), _FEW):
                    yield mine[first : first + _FEW], theirs

    def _by_centre(self, points: Floats, nearest: int) -> list[Indices]:
        """The places of descriptors near each centre; each is near to the `nearest` of them."""
        count = len(self._centres)
        if count == 1:
            return [np.arange(len(points))]
        near = products(points, self._centres.T)
        looked_at = np.empty((len(near), nearest), np.int64)
        for column in range(nearest):
            looked_at[:, column] = near.argmax(axis=1)
            near[np.arange(len(near)), looked_at[:, column]] = -2
        own: Indices = looked_at.ravel()
        order = np.argsort(own, kind="stable")
        borders = np.searchsorted(own[order], np.arange(1, count))
        return np.split(order // nearest, borders)


def _confirmed(looks: _Looks, found: _Candidates) -> _Candidates:
    """Those that are as near as only one picture is, and those that agree in detail when they are laid over each other.

    The likeliest are tried first, until hardly any agree. What ties two sources already is tried all the same: where a
    source grows too large and its weaker links are cut, the others are what keeps versions of one picture together.
    """
    off = np.abs(looks.tint[found.pairs[:, 0]] - looks.tint[found.pairs[:, 1]]).max(axis=1)
    near = off <= _TINT
    found = _Candidates(found.pairs[near], found.nearness[near], found.version[near])
    nearness = np.minimum(found.nearness, np.float32(_LIKENESS))
    sure = found.nearness >= _SURE
    order = np.flatnonzero(~sure)
    good, maps = np.zeros(len(sure), bool), views().maps[found.version]
    good[sure] = _colours_agree(looks, found.pairs[sure], maps[sure])
    order = order[np.argsort(-found.nearness[order])]
    for first in range(0, len(order), _PAIRS_AT_ONCE):
        some = order[first : first + _PAIRS_AT_ONCE]
        good[some], nearness[some] = _agreeing(looks, found.pairs[some], maps[some])
        last = order[: first + len(some)][-_TRIED_IN_TURN:]
        if len(last) == _TRIED_IN_TURN and good[last].mean() < _WORTH_TRYING:
            break
    return _Candidates(found.pairs[good], nearness[good], found.version[good])


def _agreeing(looks: _Looks, pairs: Indices, maps: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which of the pairs [n, 2] show one picture, and how alike they are [n]; `maps` [n, 2, 3] are likely ones."""
    good, likeness = np.zeros(len(pairs), bool), np.zeros(len(pairs), np.float32)
    one, other = pairs.T
    maps, near = laid_over(looks.coarse[one], looks.coarse[other], maps)
    left = np.flatnonzero(near >= _NEARLY)
    left = left[_colours_agree(looks, pairs[left], maps[left])]
    for first in range(0, len(left), _COMPARED_AT_ONCE):
        some = left[first : first + _COMPARED_AT_ONCE]
        one, other = (looks.fine[place].astype(np.float32) for place in pairs[some].T)
        _, shapes, details = compared(one, other, maps[some])
        good[some] = (shapes >= _SHAPES) & (details >= _DETAILS)
        likeness[some] = np.minimum(shapes, np.float32(_LIKENESS))
    return good, likeness


def _colours_agree(looks: _Looks, pairs: Indices, maps: Floats) -> NDArray[np.bool_]:
    """Which of the pairs [n, 2] that `maps` lay over each other have the same colours at the same places."""
    one, other = (looks.shades[some].astype(np.float32) for some in pairs.T)
    agree: NDArray[np.bool_] = colours_apart(one, other, maps) <= 1
    return agree
