"""Sentences of one source are found, and short or unrelated ones are not."""

import numpy as np
import pytest

from training.ground.sources import sources_of
from training.kinds.sentences.alike.likeness import alike_sentences
from training.kinds.sentences.alike.word_hashes import hashed


def groups(*sentences: str) -> list[int]:
    found: list[int] = sources_of(len(sentences), alike_sentences(sentences)).tolist()
    return found


FILLER = [
    f"{a} {b} walks over {c}"
    for a in ("a tall man", "my old aunt")
    for b in ("who sings", "in red")
    for c in ("hills", "ice")
]

# Forty words in each of four places, none of them twice.
_WORDS = [
    [f"{place}{chr(97 + i // 8)}{chr(97 + i % 8)}word" for i in range(40)] for place in ("k", "m", "p", "t")
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The parcel has not arrived yet.", "the parcel HAS not arrived yet"),
        ("Where is my order 4711 from May?", "Where is my order 12 from May?"),
        (
            "please tell me when the blue sofa will be delivered",
            "Tell me when the blue sofa will be delivered, please!",
        ),
        ("我的包裹今天还没有到，请帮我查一下物流", "我的包裹昨天还没有到，请帮我查一下物流！"),
        ("พัสดุของฉันยังไม่มาถึงบ้านเลยครับ", "พัสดุของฉันยังไม่มาถึงบ้านเลยค่ะ"),
    ],
)
def test_versions_of_one_sentence_are_one_source(one: str, other: str) -> None:
    found = groups(one, *FILLER, other)
    assert found[0] == found[-1]
    assert found.count(found[0]) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("yes", "no"),
        ("12", "13"),
        ("call me", "call you"),
        ("the sun shines on the hill", "rain is falling on the town"),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    found = groups(one, other, *FILLER)
    assert found[0] != found[1]


def test_short_answers_that_repeat_are_the_same_text() -> None:
    assert groups("yes", "Yes!", "no", "yes.", "") == [0, 0, 1, 0, 2]


def test_what_all_have_in_common_ties_nothing_together() -> None:
    names = [f"person{chr(97 + i)}{chr(97 + j)}" for i in range(20) for j in range(20)]
    sentences = [
        f"dear support team could you please help {name} {other}"
        for name, other in zip(names, names[::-1], strict=True)
    ]
    assert np.bincount(groups(*sentences)).max() <= 2


def test_all_is_the_same_however_the_sentences_are_divided() -> None:
    sentences = [*FILLER, "", "🙂 12 日本", "x" * 3000]
    whole = hashed(sentences)
    for place, sentence in enumerate(sentences):
        alone = hashed([sentence])
        assert (alone.exact[0], alone.loose[0]) == (whole.exact[place], whole.loose[place])


def test_lone_surrogates_and_nothing_at_all_do_no_harm() -> None:
    assert groups("\ud800 odd", "\ud800 odd", "") == [0, 0, 1]
    assert groups("...", "!!!") == [0, 1]
    assert groups() == []


def test_sentences_of_one_source_are_found_in_whatever_parts_they_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentences = [f"the {a} {b} is painted {c} for its {d}" for a, b, c, d in zip(*_WORDS, strict=True)]
    versions = [*sentences, *(f"please note: {sentence}" for sentence in sentences)]
    whole = groups(*versions)
    assert whole[:40] == whole[40:] == list(range(40))
    monkeypatch.setattr("training.kinds.sentences.alike.likeness._SENTENCES_AT_ONCE", 7)
    monkeypatch.setattr("training.kinds.sentences.alike.likeness._PAIRS_AT_ONCE", 3)
    assert groups(*versions) == whole


def test_a_word_that_repeats_in_one_sentence_is_shared_once() -> None:
    # Each pair shares two words of six; what repeats would count as shared with itself.
    one = [f"{a} {a} {a} {a} {b} {c} {d}" for a, b, c, d in zip(*_WORDS, strict=True)]
    other = [f"{a} {b} other{c} other{d}" for a, b, c, d in zip(*_WORDS, strict=True)]
    assert groups(*one, *other) == list(range(80))
