"""Descriptors of versions are those of pictures that really are these versions."""

import numpy as np
import pytest

from training.kinds.pictures.views import described, products, views


def grids(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, 24, 24)).astype(np.float32)


def of(pictures: np.ndarray, version: int) -> np.ndarray:
    return next(described(pictures, np.array([version])))[1]


def test_the_first_version_is_the_picture_itself() -> None:
    assert np.allclose(views().maps[0], np.eye(3)[:2])
    assert np.allclose(np.linalg.norm(of(grids(5), 0), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_a_version_is_described_as_the_picture_that_was_made_so(turns: int, flipped: bool) -> None:
    pictures = grids(5)
    made = np.rot90(pictures[:, :, ::-1] if flipped else pictures, turns, axes=(1, 2))
    assert np.allclose(of(pictures, 2 * turns + flipped), of(np.ascontiguousarray(made), 0), atol=1e-4)


def test_a_crop_is_described_by_what_it_shows() -> None:
    # A picture that rises from left to right looks the same in a crop of the same rows, one with an edge does not.
    edge = np.where(np.arange(24) < 2, 200, 50).astype(np.float32) * np.ones((1, 24, 1), np.float32)
    crops = np.unique(views().crop, return_index=True)[1]
    likeness = [float((of(edge, version) @ of(edge, 0).T)[0, 0]) for version in crops]
    left = [float(views().maps[version][0, 2]) for version in crops]
    assert likeness[0] == pytest.approx(1, abs=1e-4)
    # Crops that begin behind the edge show a blank picture.
    assert all(like < 0.9 for like, at in zip(likeness, left, strict=True) if at > 2 / 24)


@pytest.mark.parametrize("shape", [(1, 48, 7), (300, 48, 100), (5, 48, 4_000), (0, 48, 10)])
def test_products_in_parts_are_those_of_the_whole(shape: tuple[int, int, int]) -> None:
    random = np.random.default_rng(1)
    one = random.normal(size=shape[:2]).astype(np.float32)
    other = random.normal(size=shape[1:]).astype(np.float32)
    assert np.allclose(products(one, other), one @ other, atol=1e-4)
