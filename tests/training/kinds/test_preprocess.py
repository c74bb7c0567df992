"""Pictures and sentences become numbers in one way only."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.training.datasets import encoded, sentences
from training.kinds.pictures.pixels.picture import UnreadablePicture
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.preprocess import TextPreprocess
from training.kinds.sentences.tokeniser import learn_vocabulary

PREPROCESS = PicturePreprocess(64, 64)


def halves(width: int = 120, height: int = 80) -> Image.Image:
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width, height // 2))
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF"])
def test_it_reads_every_format(kind):
    pixels = PREPROCESS.load(encoded(halves(), kind))
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels[2, 32, 0] > 200 > 60 > pixels[2, 32, 2]
    assert pixels[61, 32, 2] > 200


def test_it_turns_a_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    pixels = PREPROCESS.load(encoded(halves(), "JPEG", exif=exif))
    assert pixels[2, 32, 2] > 200


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK"])
def test_it_reads_every_mode(mode):
    image = Image.new("RGB", (30, 20), "white").convert(mode)
    assert PREPROCESS.load(encoded(image, "JPEG" if mode == "CMYK" else "PNG")).min() > 250


def test_it_puts_transparent_pictures_on_white():
    assert PREPROCESS.load(encoded(Image.new("RGBA", (30, 20), (0, 0, 0, 0)))).min() == 255


def test_it_keeps_the_brightness_of_sixteen_bit_pictures():
    grey = Image.fromarray(np.full((20, 20), 0x8000, np.uint16))
    assert abs(int(PREPROCESS.load(encoded(grey)).mean()) - 128) <= 1


def test_it_cuts_out_the_middle():
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (100, 0, 200, 100))
    assert PREPROCESS.load(encoded(image))[:, 1:-1].min() > 250


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (2000, 3)])
def test_it_takes_pictures_of_any_shape(size):
    assert PREPROCESS.load(encoded(Image.new("RGB", size))).shape == (64, 64, 3)


def test_it_reads_paths_and_streams_alike(tmp_path):
    data = encoded(halves(), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data)
    assert (PREPROCESS.load(tmp_path / "a.jpg") == PREPROCESS.load(io.BytesIO(data))).all()


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", encoded(halves())[:200], encoded(halves(), "JPEG")[:400], encoded(halves(), "ICO")],
    ids=["empty", "text", "cut png", "cut jpeg", "icon"],
)
def test_it_refuses_what_is_no_usable_picture(data):
    with pytest.raises(UnreadablePicture) as caught:
        PREPROCESS.load(data)
    assert caught.value.reason


def test_it_refuses_a_picture_of_too_many_pixels():
    with pytest.raises(UnreadablePicture, match="pixels"):
        PREPROCESS.load(encoded(Image.new("1", (20_000, 6_000))))


def test_pictures_and_sentences_survive_json(tmp_path):
    assert PicturePreprocess.from_json(PREPROCESS.to_json()) == PREPROCESS
    text = TextPreprocess(learn_vocabulary([s for s, _ in sentences()], 100).tokenizer_json, 20)
    (tmp_path / "tokenizer.json").write_text(text.tokenizer_json, encoding="utf-8")
    again = TextPreprocess.from_json(text.to_json(), tmp_path)
    assert (again.encode(["the town"]) == text.encode(["the town"])).all()


@pytest.fixture
def text() -> TextPreprocess:
    return TextPreprocess(learn_vocabulary([s for s, _ in sentences()], 100).tokenizer_json, 8)


def test_it_pads_with_zero_and_cuts_at_the_limit(text):
    ids = text.encode(["rain", "the town " * 50])
    assert ids.shape == (2, 8)
    assert ids.dtype == np.int64
    assert ids[0, 3:].tolist() == [0] * 5


@pytest.mark.parametrize("sentence", ["", " ", "[PAD] [PAD]", "\ud800 broken", "\0", "🙂"])
def test_it_never_makes_padding_of_a_sentence(text, sentence):
    (row,) = text.ragged([sentence])
    assert row
    assert 0 not in row


def test_case_and_width_make_no_difference(text):
    assert text.ragged(["RAIN ｒａｉｎ"]) == text.ragged(["rain rain"])
