"""What may be handed in for a prediction: each refusal has the right status and names the input."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from modelstore.ground.errors import FlashError
from modelstore.kinds.pictures import inputs
from modelstore.prediction.predictor import predict
from tests import bundles
from tests.modelstore.conftest import Publish
from training.ground.limits import Limits


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def animation(format: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:])


def wide_png(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than there are."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


JPEG = bundles.picture(format="JPEG", size=(64, 64))
PICTURES = {
    "empty": (b"", 400),
    "a sentence": ("red", 400),
    "html": (b"<!doctype html><script>alert(1)</script>", 415),
    "svg": (bundles.SVG, 415),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", 415),
    "psd": (b"8BPS\0\x01" + b"\0" * 30, 415),
    "raw photo": (b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 60, 415),
    "video": (b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"\0" * 60, 415),
    "wav": (b"RIFF\x00\x00\x00\x00WAVE", 415),
    "truncated jpeg": (JPEG[: len(JPEG) // 2], 422),
    "jpeg header only": (b"\xff\xd8\xff\xe0", 422),
    "broken png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, 422),
    "bmp in name only": (b"BMX" + b"\1" * 60, 422),
    "animated webp": (animation("WEBP"), 413),
    "animated png": (animation("PNG"), 413),
    "too many bytes": (b"\xff\xd8\xff" + b"\0" * 100_000, 413),
    "too many pixels": (bundles.picture(size=(1200, 1000)), 413),
    "a bomb": (wide_png(60_000, 60_000), 413),
}
SENTENCES = {
    "a file": (b"great", 400),
    "empty": ("", 400),
    "blanks": (" \t\n", 400),
    "nul": ("great\0", 400),
    "half a character": ("great \ud83d", 400),
    "too long": ("x" * 2001, 413),
}


@pytest.fixture(autouse=True)
def _small_limits(settings: Any) -> None:
    settings.FLASH_LIMITS = Limits(
        max_picture_bytes=100_000,
        max_picture_pixels=1_000_000,
        max_sentence_chars=2000,
        max_pictures_per_request=3,
        max_sentences_per_request=4,
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_wrong_picture_is_refused_by_its_index(publish: Publish, name: str) -> None:
    wrong, status = PICTURES[name]
    with pytest.raises(FlashError) as refusal:
        predict(model=publish(), inputs=[bundles.picture(), wrong], names=["fine.png", "odd.png"])
    assert refusal.value.status == status
    assert refusal.value.fields == {"inputs[1]": [refusal.value.detail]}
    assert refusal.value.detail.startswith("Input 1 (odd.png) ")


@pytest.mark.parametrize("name", SENTENCES)
def test_a_wrong_sentence_is_refused_by_its_index(publish: Publish, name: str) -> None:
    wrong, status = SENTENCES[name]
    with pytest.raises(FlashError) as refusal:
        predict(model=publish("text"), inputs=["great", "fun", wrong])
    assert refusal.value.status == status
    assert list(refusal.value.fields) == ["inputs[2]"]


@pytest.mark.parametrize(("kind", "value"), [("image", bundles.picture()), ("text", "great")])
def test_a_batch_has_one_input_at_least_and_no_more_than_allowed(
    publish: Publish, kind: str, value: Any
) -> None:
    model = publish(kind)
    with pytest.raises(FlashError) as refusal:
        predict(model=model, inputs=[])
    assert refusal.value.status == 400
    with pytest.raises(FlashError) as refusal:
        predict(model=model, inputs=[value] * 5)
    assert (refusal.value.status, refusal.value.code) == (413, "too_many_inputs")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF"])
def test_every_supported_format_is_read(publish: Publish, format: str) -> None:
    assert predict(model=publish(), inputs=[bundles.picture("blue", format=format)])[0].label == "blue"


def test_any_script_and_emoji_are_fine(publish: Publish) -> None:
    assert len(predict(model=publish("text"), inputs=["很好 👍🏽", "ดีมาก", "ممتاز", "x" * 2000])) == 4


def test_a_very_long_file_name_is_cut_in_the_refusal(publish: Publish) -> None:
    with pytest.raises(FlashError) as refusal:
        predict(model=publish(), inputs=[b"x"], names=["n" * 10_000])
    assert len(refusal.value.detail) < 250


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + b"x" * 300}, {"quality": 5}]
)
@pytest.mark.parametrize("size", [(1, 1), (640, 3), (224, 224)])
def test_the_quick_size_of_a_jpeg_is_pillows(size: tuple[int, int], options: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "JPEG", **options)
    assert inputs._jpeg_size(buffer.getvalue()) == size
    for cut in range(0, min(len(buffer.getvalue()), 700), 7):
        assert inputs._jpeg_size(buffer.getvalue()[:cut]) in (None, size)


@given(st.binary(max_size=60))
def test_the_quick_size_of_a_jpeg_takes_any_bytes(tail: bytes) -> None:
    found = inputs._jpeg_size(b"\xff\xd8\xff" + tail)
    assert found is None or min(found) > 0


def test_a_file_of_several_jpegs_is_left_to_pillow() -> None:
    buffer = io.BytesIO()
    pictures = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    pictures[0].save(buffer, "MPO", save_all=True, append_images=pictures[1:])
    assert inputs._jpeg_size(buffer.getvalue()) is None
