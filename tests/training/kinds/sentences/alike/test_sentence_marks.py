"""Sentences found again by marks alone: copies and what is nearly the same, not what is only alike."""

import random
import string

import numpy as np
import pytest

from training.kinds.sentences.alike import marks
from training.kinds.sentences.alike.marks import marks_of, seen_before
from training.kinds.sentences.alike.near import plain

KNOWN = [
    "The delivery came two weeks late and the box was wet.",
    "Please send invoice 4711 to our new address in Leeds.",
    "I would like to change the seat on my flight to Oslo.",
    "yes",
    "Понравилось всё, кроме цены за доставку",
]


@pytest.mark.parametrize(
    "text",
    [
        KNOWN[0],
        "the delivery came two weeks late, and the box was WET!",
        "Please send invoice 98 to our new address in Leeds.",
        "I would like to change the seats on my flight to Oslo.",
        "YES!",
        "понравилось все  кроме цены за доставку".replace("все", "всё"),
    ],
)
def test_copies_and_small_changes_are_known(text: str) -> None:
    assert seen_before([text], marks_of(KNOWN)).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    ["The soup came cold and late.", "no", "Please send the parcel to my old address in York.", "", "!!!"],
)
def test_what_is_new_is_not(text: str) -> None:
    assert seen_before([text], marks_of(KNOWN)).tolist() == [False]


def test_a_number_is_all_that_tells_short_texts_apart() -> None:
    assert seen_before(["room 12", "room 13"], marks_of(["room 12"])).tolist() == [True, False]


def test_marks_are_small_and_without_words() -> None:
    random.seed(4)
    words = ["".join(random.choices(string.ascii_lowercase, k=5)) for _ in range(900)]
    texts = [" ".join(random.choices(words, k=12)) for _ in range(2_000)]
    found = marks_of(texts)
    assert sum(array.nbytes for array in found.values()) < 50 * len(texts)
    fresh = [" ".join(random.choices(words, k=12)) for _ in range(2_000)]
    assert seen_before(fresh, found).sum() == 0
    edited = [f"{text[:-1]}q" for text in texts]
    assert seen_before(edited, found).mean() > 0.95
    assert all(array.dtype.kind == "u" for array in found.values())


def test_of_very_many_only_the_same_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_SIGNED", 2)
    found = marks_of(KNOWN)
    assert len(found["signed"]) == 0
    assert seen_before([KNOWN[0], KNOWN[0].replace("wet", "damp")], found).tolist() == [True, False]
    assert np.array_equal(seen_before([], found), np.zeros(0, bool))


def test_ascii_is_read_as_all_else():
    text = "".join(map(chr, range(128)))
    # A letter from elsewhere takes the long way.
    assert plain(f"{text} \u00df") == f"{plain(text)} ss"
    assert plain("  Don't;\tSTOP_me\x1c2 ") == "don t stop me 2"
