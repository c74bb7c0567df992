"""Makes versions of a picture or a sentence, as tools that augment data and people who copy it do."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageOps

VERSIONS = 5
_OPENINGS = ("please note:", "well,", "I mean", "so", "honestly,", "by the way,")


def paraphrased(text: str, chance: random.Random) -> str:
    """Said a little differently: a word left out, two swapped, an opening."""
    words = text.split()
    if len(words) > 5 and chance.random() < 0.5:
        del words[chance.randrange(len(words))]
    if len(words) > 5 and chance.random() < 0.3:
        place = chance.randrange(len(words) - 1)
        words[place : place + 2] = words[place + 1], words[place]
    opening = [chance.choice(_OPENINGS)] if chance.random() < 0.5 else []
    return " ".join([*opening, *words])


def reworked(data: bytes, chance: random.Random) -> bytes:
    """One or two of: mirrored, lighter or darker, turned a little, cropped, made smaller, compressed more."""
    with Image.open(io.BytesIO(data)) as file:
        picture = file.convert("RGB")
    for change in chance.sample(_CHANGES, k=chance.randint(1, 2)):
        picture = change(picture, chance)
    return _jpeg(picture, 88)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    picture.save(file := io.BytesIO(), "JPEG", quality=quality)
    return file.getvalue()


def _cropped(picture: Image.Image, chance: random.Random) -> Image.Image:
    side = chance.uniform(0.82, 0.97)
    left, top = (chance.uniform(0, 1 - side) * length for length in picture.size)
    return picture.crop(
        (int(left), int(top), int(left + side * picture.width), int(top + side * picture.height))
    )


def _smaller(picture: Image.Image, chance: random.Random) -> Image.Image:
    side = chance.uniform(0.4, 0.8)
    return picture.resize(
        (max(8, int(side * picture.width)), max(8, int(side * picture.height))), Image.Resampling.BILINEAR
    )


def _compressed(picture: Image.Image, chance: random.Random) -> Image.Image:
    return Image.open(io.BytesIO(_jpeg(picture, chance.randint(30, 70)))).convert("RGB")


_CHANGES: tuple[Callable[[Image.Image, random.Random], Image.Image], ...] = (
    lambda picture, chance: ImageOps.mirror(picture),
    lambda picture, chance: ImageEnhance.Brightness(picture).enhance(chance.uniform(0.7, 1.3)),
    lambda picture, chance: picture.rotate(chance.uniform(-10, 10), Image.Resampling.BILINEAR),
    _cropped,
    _smaller,
    _compressed,
)
