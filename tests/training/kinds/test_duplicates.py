"""Nearly the same samples are found, whatever saving, scaling or retyping did to them; others are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from training.kinds.pictures.descriptors import Descriptors, near_pictures
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.alike.likeness import compared
from training.kinds.sentences.alike.near import near_of_many, near_sentences, plain


def photo(seed: int) -> Image.Image:
    """A smooth random picture, 200 x 200."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((200, 200), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def descriptors_of(*pictures: Image.Image) -> Descriptors:
    preprocess = PicturePreprocess(224, 224)
    pixels = []
    for picture in pictures:
        file = io.BytesIO()
        picture.save(file, "PNG")
        pixels.append(preprocess.load(file.getvalue()))
    descriptors = Descriptors(len(pictures))
    descriptors.add(0, np.stack(pixels))
    return descriptors


def saved_as_jpeg(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    return Image.open(file)


@pytest.mark.parametrize(
    "changed",
    [
        saved_as_jpeg,
        lambda picture: picture.resize((120, 120)),
        lambda picture: picture.crop((1, 1, 199, 199)),
        lambda picture: picture.point(lambda value: min(255, value + 3)),
    ],
    ids=["jpeg", "smaller", "cropped", "brighter"],
)
def test_a_picture_is_known_again(changed):
    descriptors = descriptors_of(photo(1), photo(2), changed(photo(1)), photo(3))
    assert near_pictures(descriptors, np.arange(4)) == [(0, 2)]


def test_pictures_of_one_shape_in_two_colours_are_different():
    red, blue = (Image.new("RGB", (64, 64), colour) for colour in ("red", "blue"))
    assert near_pictures(descriptors_of(red, blue, red), np.arange(3)) == [(0, 2)]


def test_places_count_in_the_index():
    descriptors = descriptors_of(photo(1), photo(2), photo(1))
    assert near_pictures(descriptors, np.array([2, 1, 0])) == [(0, 2)]


def test_pictures_that_cannot_be_read_are_not_seen():
    descriptors, black = Descriptors(3), np.zeros((3, 32, 32, 3), np.uint8)
    descriptors.add(0, black, [1])
    assert descriptors.seen.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Call me, later!", "call me later"),
        ("ＣＡＬＬ me later", "Call me later"),
        ("今天天气很好。", "今天天气很好"),
        ("ตลาดน้ำวันนี้", "ตลาดน้ำ วันนี้".replace(" ", "")),
        (
            "The ministers met on Monday to talk about the price of bread and of milk in the north.",
            "The ministers met on Tuesday to talk about the price of bread and of milk in the north.",
        ),
    ],
)
def test_a_sentence_is_known_again(one, other):
    assert near_sentences(["something else entirely", one, "a third one", other]) == [(1, 3)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no", "yes"),
        ("", "!!!"),
        ("What is the capital of Peru?", "What is the capital of Chad?"),
        ("a", "b"),
    ],
)
def test_different_sentences_are_different(one, other):
    assert near_sentences([one, other]) == []


def test_many_equal_sentences_do_not_make_many_pairs():
    assert len(near_sentences(["ok"] * 500)) == 499


@pytest.mark.parametrize("sentences", [[], ["one"], ["", ""]])
def test_little_holds_no_pairs(sentences):
    assert near_sentences(sentences) == []


def test_plain_keeps_the_marks_of_thai():
    assert plain("น้ำ!") == plain("น้ำ")
    assert len(plain("น้ำ")) >= 3


def test_of_very_many_sentences_what_grouping_ties_is_looked_at():
    others = [
        f"number {chr(97 + i)}{chr(97 + i // 3)} of the list says {'abcdefg'[i % 7] * 4}" for i in range(20)
    ]
    known = [
        "The delivery came two weeks late and the box was wet.",
        *others,
        "the delivery came two weeks late, and the box was WET",
        "The delivery came two weeks late and all of the boxes were open.",
        "The delivery came two weeks late and the box was wet!!",
        "Oh: the delivery came two weeks late and the box was wet.",
        "...",
        "!!!",
    ]
    likeness = compared(known)
    found = near_of_many(known, likeness.exact, likeness.links.pairs)
    assert {(0, 21), (0, 23)} <= set(found)
    # One text of the equal ones is enough for the comparison with others.
    assert 24 in {j for _, j in found}
    assert not {place for pair in found for place in pair} & {*range(1, 21), 22, 25, 26}
    assert set(found) <= set(near_sentences(known))
    assert near_of_many([], np.zeros(0, np.uint64), np.zeros((0, 2), np.int64)) == []
