"""Words or pieces of words: a language of long built words gets pieces, whole phrases stay words."""

import random

import numpy as np
import pytest

from training.ground.recipe import resolve
from training.ground.samples import ContentIds, Samples
from training.kinds.sentences import wording
from training.kinds.sentences.tokeniser import CHARACTERS, PIECES, WORDS
from training.kinds.sentences.wording import choose_tokens

RECIPE = resolve("textclassification", {"preset": "quick", "model": "bag_of_ngrams"})
SYLLABLES = [a + b for a in "ktpnlrs" for b in "aeiouy"]
CASES, HOLDERS = ["ssa", "sta", "lla", "lta", "ksi", "tta"], ["ni", "si", "nsa", "mme", "nne"]
# What tells the class stands in the middle of a word: the stems before it hardly come twice.
ENDINGS = {"asked": "ko", "denied": "ton"}


def samples(rows: list[tuple[str, str]]) -> Samples[str]:
    texts, names = [text for text, _ in rows], sorted({name for _, name in rows})
    labels = np.array([names.index(name) for _, name in rows], np.int64)
    return Samples(texts, [str(i) for i in range(len(rows))], labels, names, ContentIds(str))


def built_words(count: int) -> Samples[str]:
    chance = random.Random(5)

    def word(inside: str = "") -> str:
        stem = "".join(chance.choices(SYLLABLES, k=3))
        return stem + chance.choice(CASES) + inside + chance.choice(HOLDERS)

    rows = []
    for number in range(count):
        name = sorted(ENDINGS)[number % 2]
        rows.append((f"{word()} {word(ENDINGS[name])} {word()}", name))
    return samples(rows)


def phrases(count: int) -> Samples[str]:
    """As many rare words, which tell nothing; what tells is a word that looks like others."""
    chance = random.Random(6)
    words = {"cold": ["stark", "plain", "bolt"], "warm": ["start", "plan", "bold"]}
    rows = []
    for number in range(count):
        name = sorted(words)[number % 2]
        rare = "".join(chance.choices(SYLLABLES, k=4))
        others = [chance.choice(words["cold"] + words["warm"])[:-1] + "s" for _ in range(2)]
        rows.append((" ".join([rare, *others, chance.choice(words[name])]), name))
    return samples(rows)


def chosen(found: Samples[str], part: slice = slice(None)) -> str:
    return choose_tokens(RECIPE, found, np.arange(len(found.items))[part]).vocabulary.unit


def test_built_words_are_taken_apart_and_phrases_are_not():
    assert chosen(built_words(400)) == PIECES
    assert chosen(phrases(400)) == WORDS


def test_labels_of_other_parts_are_not_looked_at():
    found = built_words(400)
    expected = choose_tokens(RECIPE, found, np.arange(300))
    found.labels[300:] = 0
    again = choose_tokens(RECIPE, found, np.arange(300))
    assert again.vocabulary == expected.vocabulary
    assert [list(row) for row in again.rows] == [list(row) for row in expected.rows]


@pytest.mark.parametrize(
    ("found", "unit"),
    [
        (samples([("the same few words", "a"), ("words the few same", "b")] * 100), WORDS),
        (samples([("今天北京下大雨", "a"), ("市场今天很大", "b")] * 100), CHARACTERS),
        (built_words(20), WORDS),
    ],
    ids=["no rare words", "a script without spaces", "too few to try"],
)
def test_it_is_not_tried_where_it_can_bring_nothing(monkeypatch, found, unit):
    monkeypatch.setattr(wording, "tokenise_in_pieces", lambda *_: pytest.fail("tried"))
    assert chosen(found) == unit
