"""Samples with several labels are divided so that each part has its share of each label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.iterative_split import iterative_split


@given(st.integers(1, 60), st.integers(1, 6), st.floats(0.5, 0.95), st.integers(0, 2**32 - 1), st.booleans())
def test_every_sample_is_in_one_part_and_every_label_is_learned(count, labels, share, seed, grouped):
    random = np.random.default_rng(seed)
    has = random.random((count, labels)) < 0.3
    sources = random.integers(0, max(1, count // 3), count) if grouped else None
    train, validation = iterative_split(has, share, seed, sources)
    assert sorted([*train, *validation]) == list(range(count))
    assert (has[train].any(axis=0) == has.any(axis=0)).all()
    if sources is not None:
        assert not set(sources[train]) & set(sources[validation])


@pytest.mark.parametrize("share", [0.7, 0.8, 0.9])
def test_each_label_keeps_its_share(share):
    random = np.random.default_rng(5)
    has = random.random((2_000, 10)) < random.uniform(0.01, 0.5, 10)
    train, _ = iterative_split(has, share, 3)
    assert len(train) == pytest.approx(2_000 * share, rel=0.02)
    assert has[train].sum(axis=0) / has.sum(axis=0) == pytest.approx(share, abs=0.07)


def test_the_seed_decides():
    has = np.random.default_rng(1).random((200, 3)) < 0.4
    first, again, other = (iterative_split(has, 0.8, seed) for seed in (1, 1, 2))
    assert (first[1] == again[1]).all()
    assert len(first[1]) != len(other[1]) or (first[1] != other[1]).any()
