"""Pictures found again by marks alone."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.training.datasets import COLOURS, encoded, picture
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.marks import marks_of, seen_before
from training.kinds.pictures.preprocess import PicturePreprocess


def described(folder: Path, files: list[bytes], side: int) -> Descriptors:
    paths = []
    for number, content in enumerate(files):
        paths.append(folder / f"{side}-{number}")
        paths[-1].write_bytes(content)
    found = Descriptors(len(paths))
    for first, pixels, unreadable in decode_in_chunks(paths, PicturePreprocess(side, side), threads=1):
        found.add(first, pixels, [index for index, _ in unreadable])
    return found


def shapes(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 255, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((200, 180), Image.Resampling.BICUBIC)


def test_copies_in_other_sizes_and_formats_are_known(tmp_path: Path) -> None:
    known = described(tmp_path, [encoded(shapes(seed)) for seed in range(6)], 128)
    marks = marks_of(known, np.arange(5))
    again = [
        encoded(shapes(0)),
        encoded(shapes(1), "JPEG", quality=60),
        encoded(shapes(2).resize((90, 81))),
        encoded(shapes(5)),  # which was not among those that are marked
        encoded(shapes(77)),
        b"not a picture",
    ]
    for side in (128, 224):
        assert seen_before(described(tmp_path, again, side), marks).tolist() == [True] * 3 + [False] * 3


def test_what_has_the_same_shapes_in_other_colours_is_new(tmp_path: Path) -> None:
    red, blue = (encoded(picture(COLOURS[name], 3, side=96)) for name in ("red", "blue"))
    known = described(tmp_path, [red], 64)
    assert seen_before(described(tmp_path, [red, blue], 64), marks_of(known, np.arange(1))).tolist() == [
        True,
        False,
    ]
