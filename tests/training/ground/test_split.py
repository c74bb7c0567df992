"""The split is stratified and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.ground.split import stratified_split


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
