"""The split, and folds, are stratified and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.ground.split import stratified_folds, stratified_split


@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.floats(0.5, 0.95), st.integers(0, 2**32 - 1))
def test_every_sample_is_in_one_part_and_every_class_in_both(labels, share, seed):
    labels = np.array(labels)
    train, validation = stratified_split(labels, share, seed)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        in_train = int((labels[train] == label).sum())
        assert in_train >= 1
        assert abs(in_train - count * share) <= 1
        assert count == 1 or in_train < count


def test_the_seed_decides():
    labels = np.repeat([0, 1], 50)
    first = stratified_split(labels, 0.8, 1)
    assert all((a == b).all() for a, b in zip(first, stratified_split(labels, 0.8, 1), strict=True))
    assert (first[1] != stratified_split(labels, 0.8, 2)[1]).any()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.8, 0.95])
def test_the_share_is_kept(share):
    train, _ = stratified_split(np.repeat([0, 1, 2], 100), share, 3)
    assert len(train) == pytest.approx(300 * share, abs=1)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40)), min_size=2, max_size=150),
    st.integers(2, 10),
    st.integers(0, 2**32 - 1),
)
def test_sources_stay_in_one_fold_and_every_fold_leaves_every_class_taught(pairs, count, seed):
    labels, sources = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    _, first = stratified_split(labels, 1 - 1 / count, seed, sources)
    folds = stratified_folds(labels, sources, first, count, seed)
    assert folds.min() >= -1 and folds.max() < count
    assert np.array_equal(np.flatnonzero(folds == 0), first)
    for fold in range(count):
        assert set(labels[folds != fold]) == set(labels)
    for source in np.unique(sources):
        assert len(np.unique(folds[sources == source])) == 1


def test_folds_are_about_as_large_and_hold_each_class_alike():
    labels = np.repeat([0, 1, 2], [100, 60, 17])
    sources = np.arange(177)
    _, first = stratified_split(labels, 0.8, 1, sources)
    folds = stratified_folds(labels, sources, first, 5, 1)
    assert np.bincount(folds).tolist() == pytest.approx([35.4] * 5, abs=2)
    for label, most in ((0, 20), (1, 12), (2, 4)):
        assert np.bincount(folds[labels == label]).max() <= most + 1


def test_what_the_only_source_of_a_class_holds_is_in_no_fold():
    labels, sources = np.array([0] * 10 + [1] * 10 + [2] * 3), np.array([*range(20), 20, 20, 20])
    _, first = stratified_split(labels, 0.8, 1, sources)
    folds = stratified_folds(labels, sources, first, 5, 1)
    assert folds[20:].tolist() == [-1, -1, -1] and (folds[:20] >= 0).all()
