"""Tables and features of n-grams against a count by hand, however many sentences are looked at together."""

import math
import random
from collections import Counter

import numpy as np
import pytest
import torch

from training.kinds.sentences import ngrams
from training.kinds.sentences.ngrams import NORM, NGramClassifier, NGramTable, SparseFeatures

CHANCE = random.Random(4)
ROWS = [[CHANCE.randint(1, 9) for _ in range(CHANCE.randint(1, 12))] for _ in range(70)]
BASE = 11


def grams(row, order):
    """Each n-gram as one number, counted."""
    return Counter(
        sum(value * BASE ** (n - 1 - place) for place, value in enumerate(row[start : start + n]))
        for n in range(1, order + 1)
        for start in range(len(row) - n + 1)
    )


@pytest.fixture(params=[0, 3, 15], ids="2**{} at once".format)
def at_once(request, monkeypatch):
    monkeypatch.setattr(ngrams, "_PLACE_BITS", request.param)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_table_knows_what_is_there_often_enough(at_once, order):
    documents = Counter(key for row in ROWS for key in grams(row, order))
    expected = {key: count for key, count in documents.items() if key < BASE or count > 1}
    table = NGramTable(ROWS, BASE, order)
    assert table.keys.tolist() == sorted(expected)
    idf = [math.log((len(ROWS) + 1) / (expected[key] + 1)) + 1 for key in sorted(expected)]
    assert np.allclose(table.idf, idf)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_features_are_those_that_the_model_computes(at_once, order):
    table = NGramTable(ROWS[:50], BASE, order)
    # The last sentence has nothing that the table knows.
    asked = [*ROWS, [10]]
    features = SparseFeatures(asked, table)
    dense = features._matrix.to_dense()
    for row, found in zip(asked, dense, strict=True):
        counts = grams(row, order) if row != [10] else Counter()
        known = [(counts[key], idf) for key, idf in zip(table.keys.tolist(), table.idf.tolist(), strict=True)]
        # Each time that an n-gram is there counts in the length.
        length = math.sqrt(sum(count * idf**2 for count, idf in known)) or 1.0
        expected = torch.tensor([count * idf * NORM / length for count, idf in known])
        assert torch.allclose(found, expected, atol=1e-4)
    weight = torch.randn(len(table.keys), 3, generator=torch.Generator().manual_seed(1))
    some = torch.tensor([4, 0, 70, 9])
    assert torch.allclose(features.batch_scores(some, weight), features.scores(weight)[some], atol=1e-4)
    assert torch.allclose(features.gradient(features.scores(weight)), dense.T @ (dense @ weight), atol=1e-2)


def test_a_model_agrees_with_its_features():
    table = NGramTable(ROWS, BASE, 2)
    model = NGramClassifier(torch.from_numpy(table.keys), torch.from_numpy(table.idf), 3, BASE, 2)
    torch.nn.init.normal_(model.weight, generator=torch.Generator().manual_seed(2))
    padded = torch.zeros(len(ROWS), 12, dtype=torch.int64)
    for place, row in enumerate(ROWS):
        padded[place, : len(row)] = torch.tensor(row)
    with torch.no_grad():
        scores = SparseFeatures(ROWS, table).scores(model.weight) + model.bias
        assert torch.allclose(model(padded), scores, atol=1e-3)
