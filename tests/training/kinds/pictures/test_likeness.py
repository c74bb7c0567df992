"""Versions of one picture are found, and pictures that merely look alike are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from training.ground.sources import sources_of
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.likeness import alike_pictures


def scene(seed: int, side: int = 160) -> Image.Image:
    """Shapes of many colours and sizes, as a photo has them."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(random.integers(60, 200, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y = random.integers(-20, side, 2)
        width, height = random.integers(8, 70, 2)
        box = (x, y, x + width, y + height)
        colour = tuple(random.integers(0, 255, 3).tolist())
        (draw.ellipse if random.random() < 0.5 else draw.rectangle)(box, fill=colour)
    return image


def groups(*pictures: Image.Image) -> list[int]:
    descriptors = Descriptors(len(pictures))
    descriptors.add(
        0, np.stack([np.asarray(picture.convert("RGB").resize((128, 128))) for picture in pictures])
    )
    found: list[int] = sources_of(
        len(pictures), alike_pictures(descriptors, np.arange(len(pictures)))
    ).tolist()
    return found


def squeezed(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.resize((90, 90)).save(buffer, "JPEG", quality=50)
    return Image.open(buffer)


VERSIONS = {
    "the same": lambda picture: picture.copy(),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned by a quarter": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "turned a little": lambda picture: picture.rotate(8, Image.Resampling.BILINEAR),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.7),
    "less contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(0.7),
    "cropped": lambda picture: picture.crop((8, 12, 150, 154)),
    "mirrored and cropped": lambda picture: ImageOps.mirror(picture).crop((0, 0, 140, 140)),
    "small and squeezed": squeezed,
}
OTHERS = [scene(seed) for seed in range(10, 40)]


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
def test_a_version_of_a_picture_is_of_its_source(version) -> None:
    found = groups(scene(1), *OTHERS, version(scene(1)), scene(2), version(scene(2)))
    assert found[0] == found[-3] and found[-2] == found[-1]
    assert len(set(found)) == 32


def test_five_versions_of_each_are_as_many_sources_as_there_were_pictures() -> None:
    random = np.random.default_rng(0)
    names = list(VERSIONS)
    pictures = [
        VERSIONS[names[random.integers(len(names))]](scene(seed)) for seed in range(20) for _ in range(5)
    ]
    found = np.array(groups(*pictures)).reshape(20, 5)
    assert 20 <= found.max() + 1 <= 26
    assert all(len(set(found[i]) & set(found[j])) == 0 for i in range(20) for j in range(i))


def test_blank_pictures_are_not_one_source() -> None:
    blank = [Image.new("RGB", (64, 64), (level, level, level)) for level in range(0, 250, 10)]
    assert len(set(groups(*blank))) == len(blank)


def test_pictures_with_the_same_frame_are_not_one_source() -> None:
    framed = [ImageOps.expand(scene(seed).resize((110, 110)), 25, "black") for seed in range(30)]
    assert len(set(groups(*framed))) >= 25


def product(seed: int, colour: tuple[int, int, int], ground: tuple[int, int, int]) -> Image.Image:
    """A shirt with a print of its own, laid out as all others are."""
    image = Image.new("RGB", (160, 160), ground)
    draw = ImageDraw.Draw(image)
    shape = [
        (50, 25),
        (110, 25),
        (145, 60),
        (125, 75),
        (115, 65),
        (115, 140),
        (45, 140),
        (45, 65),
        (35, 75),
        (15, 60),
    ]
    draw.polygon(shape, fill=colour)
    random = np.random.default_rng(seed)
    for _ in range(12):
        x, y = random.integers(55, 95, 2)
        width, height = random.integers(4, 14, 2)
        shade = tuple(int(part * random.uniform(0.2, 0.8)) for part in colour)
        draw.rectangle((x, y, x + width, y + height), fill=shade)
    return image


WHITE, COLOURS = (245, 245, 245), ((200, 60, 60), (60, 160, 70), (60, 80, 190), (150, 120, 60), (90, 90, 90))


def test_products_of_one_outline_are_not_one_source() -> None:
    pictures = [product(seed, colour, WHITE) for seed, colour in enumerate(COLOURS)]
    assert len(set(groups(*OTHERS, *pictures))) == len(OTHERS) + len(pictures)


def test_the_same_outline_in_another_colour_is_not_a_version() -> None:
    pictures = [product(0, colour, ground) for colour in COLOURS for ground in (WHITE, (230, 200, 210))]
    found = groups(*OTHERS, *pictures)[len(OTHERS) :]
    assert len(set(found[::2])) == len(COLOURS)


def test_a_version_of_a_product_is_of_its_source() -> None:
    picture = product(3, COLOURS[0], WHITE)
    turned = picture.rotate(7, Image.Resampling.BILINEAR)
    found = groups(*OTHERS, picture, turned, ImageOps.mirror(turned))
    assert len(set(found[-3:])) == 1 and len(set(found)) == len(OTHERS) + 1


def test_black_corners_of_one_turn_are_not_a_likeness() -> None:
    pictures = []
    for seed in range(12):
        image = Image.new("RGB", (160, 160), (215, 212, 210))
        image.paste(scene(seed, 120).resize((60, 60)), (40 + 4 * (seed % 6), 35 + 6 * (seed % 5)))
        pictures.append(image.rotate(8, Image.Resampling.BILINEAR))
    assert len(set(groups(*OTHERS, *pictures))) == len(OTHERS) + len(pictures)


def test_one_picture_alone_has_no_relative() -> None:
    assert groups(scene(1)) == [0]


def test_many_are_compared_only_with_those_near_the_same_centres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.kinds.pictures.likeness._FEW", 20)
    pictures = [scene(seed) for seed in range(60)]
    found = groups(*pictures, *(ImageOps.mirror(picture) for picture in pictures))
    assert sum(found[i] == found[i + 60] for i in range(60)) >= 58


def test_a_second_relative_is_looked_for_where_a_first_was_found() -> None:
    pictures = [scene(seed) for seed in range(20)]
    versions = [
        *pictures,
        *map(ImageOps.mirror, pictures),
        *map(squeezed, pictures),
        *map(ImageOps.flip, pictures),
    ]
    found = np.array(groups(*versions)).reshape(4, 20)
    assert (found == found[0]).mean() >= 0.95


def test_pairs_in_which_nothing_new_is_found_end_the_search() -> None:
    pictures = [scene(seed) for seed in range(20)]
    found = groups(*pictures, *pictures)
    assert found[:20] == found[20:] == list(range(20))
