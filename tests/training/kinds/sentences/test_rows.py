"""Rows of ids in one array do what a list of lists does."""

import numpy as np
import pytest

from training.kinds.sentences import rows as module
from training.kinds.sentences.rows import Picked, Rows

LISTS = [[5, 1, 7], [], [2], [9, 9, 9, 9], [3, 4]]
EXAMPLES = Rows.of(LISTS)


def lists(rows) -> list[list[int]]:
    return [list(row) for row in rows]


@pytest.fixture(params=[1, 20_000])
def at_once(request, monkeypatch):
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", request.param)


def test_they_are_the_lists_that_they_were_made_of():
    assert lists(EXAMPLES) == LISTS
    assert (len(EXAMPLES), EXAMPLES.lengths.tolist()) == (5, [3, 0, 1, 4, 2])
    assert list(EXAMPLES[-1]) == LISTS[-1]
    with pytest.raises(IndexError):
        EXAMPLES[5]


@pytest.mark.parametrize(
    "part", [slice(None), slice(1, 4), slice(3, 1), slice(-2, None), slice(None, None, 2), slice(7, 9)]
)
def test_slices_are_those_of_lists(at_once, part):
    assert lists(EXAMPLES[part]) == LISTS[part]


@pytest.mark.parametrize("places", [[], [3], [4, 0, 0, 1], [1, 1], [0, 1, 2, 3, 4]], ids=str)
def test_rows_are_picked_in_any_order(at_once, places):
    wanted = [LISTS[place] for place in places]
    picked = Picked(EXAMPLES, np.array(places, np.int64))
    assert lists(EXAMPLES.take(places)) == lists(picked) == lists(Rows.of(picked)) == wanted
    assert lists(picked[1:3]) == wanted[1:3]


@pytest.mark.parametrize("length", [0, 1, 3, 4, 9])
def test_they_are_cut(length):
    assert lists(EXAMPLES.cut(length)) == [row[:length] for row in LISTS]


def test_none_at_all_are_rows_too():
    assert lists(Rows.of([])) == lists(Rows.joined([])) == lists(Rows.of([]).cut(3)) == []
    assert lists(Rows.joined([EXAMPLES, Rows.of([]), EXAMPLES[:1]])) == [*LISTS, LISTS[0]]
