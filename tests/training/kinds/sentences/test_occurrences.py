"""N-grams of very many sentences, counted by all cores, against those of a few."""

import random

import numpy as np
import pytest
import torch

from tests.training.kinds.sentences.test_ngrams import BASE, ROWS, at_once  # noqa: F401
from training.kinds.sentences.ngrams import NGramTable, SparseFeatures
from training.kinds.sentences.occurrences import Counted, Joined
from training.kinds.sentences.rows import Picked, Rows

CHANCE = random.Random(8)
ASKED = Rows.of([*ROWS, [10], []])
WEIGHT = torch.randn(2_000, 3, generator=torch.Generator().manual_seed(1))
ERRORS = torch.randn(len(ASKED), 3, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("threads", [1, 3])
def test_tables_and_features_are_the_same(at_once, order, threads):  # noqa: F811
    table = NGramTable(ROWS[:50], BASE, order)
    found = Counted(Rows.of(ROWS[:50]), BASE, order, threads).table(2, 10_000)
    assert np.array_equal(found.keys, table.keys) and np.array_equal(found.idf, table.idf)
    plain = SparseFeatures(ASKED, table)
    features = Counted(ASKED, BASE, order, threads).features(table)
    weight = WEIGHT[: len(table.keys)]
    assert (features.count, features.width) == (plain.count, plain.width)
    assert torch.allclose(features.scores(weight), plain.scores(weight), atol=1e-4)
    assert torch.allclose(features.gradient(ERRORS), plain.gradient(ERRORS), atol=1e-3)
    some = torch.tensor([4, 0, 70, 9])
    assert torch.allclose(features.batch_scores(some, weight), plain.scores(weight)[some], atol=1e-4)


def test_mini_batches_have_a_gradient():
    table = NGramTable(ROWS, BASE, 2)
    weight = WEIGHT[: len(table.keys)].clone().requires_grad_()
    features = Counted(ASKED, BASE, 2, 1).features(table)
    features.batch_scores(torch.arange(len(ASKED)), weight).backward(ERRORS)
    assert torch.allclose(weight.grad, features.gradient(ERRORS), atol=1e-3)


def test_all_cores_give_what_one_gives(at_once):  # noqa: F811
    table = NGramTable(ROWS, BASE, 2)
    one, other = (Counted(ASKED, BASE, 2, threads).features(table) for threads in (1, 4))
    weight = WEIGHT[: len(table.keys)]
    assert torch.equal(one.scores(weight), other.scores(weight))
    assert torch.equal(one.gradient(ERRORS), other.gradient(ERRORS))


def test_rare_ones_are_left_out_where_there_is_no_room():
    table = Counted(Rows.of(ROWS), BASE, 2, 1).table(2, 10_000)
    words = int((table.keys < BASE).sum())
    small = Counted(Rows.of(ROWS), BASE, 2, 1).table(2, words + 20)
    assert words < len(small.keys) <= words + 20
    kept = np.isin(table.keys, small.keys)
    # The rarer, the larger.
    assert table.idf[words:][kept[words:]].max() < table.idf[words:][~kept[words:]].min()
    assert (Counted(Rows.of(ROWS), BASE, 2, 1).table(2, 3).keys < BASE).all()


def test_where_something_bends_it_does_so_by_its_squares():
    rows = Rows.of([CHANCE.sample(range(1, 10), CHANCE.randint(1, 9)) for _ in range(40)])
    table = NGramTable(rows, BASE, 2)
    dense = SparseFeatures(rows, table)._matrix.to_dense()
    features = Counted(rows, BASE, 2, 2).features(table)
    assert torch.allclose(features.curvature(), dense.square().mean(0), rtol=1e-4)


def test_two_parts_are_one_whole():
    table = NGramTable(ROWS, BASE, 2)
    whole = Counted(ASKED, BASE, 2, 1).features(table)
    places = np.split(np.arange(len(ASKED)), [30])
    joined = Joined([Counted(Picked(ASKED, part), BASE, 2, 1).features(table) for part in places])
    weight = WEIGHT[: len(table.keys)]
    assert (joined.count, joined.width) == (whole.count, whole.width)
    assert torch.allclose(joined.scores(weight), whole.scores(weight), atol=1e-5)
    assert torch.allclose(joined.gradient(ERRORS), whole.gradient(ERRORS), atol=1e-3)
    assert torch.allclose(joined.curvature(), whole.curvature(), atol=1e-5)
