"""What trainings on the same samples share."""

import pytest

from training.ground.prepared import Prepared


def test_what_is_asked_for_again_is_made_once() -> None:
    made: list[int] = []
    with Prepared() as prepared:
        for _ in range(2):
            assert prepared.once("tokens", lambda: made.append(1) or "made") == "made"
    assert made == [1]


def test_of_what_is_large_only_the_latest_is_kept() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    with Prepared() as prepared:
        for number in (1, 1, 2, 2, 1):
            assert prepared.latest("states", number, lambda number=number: make(number)) == number
    assert made == [1, 2, 1]


def test_what_could_not_be_made_is_not_taken_for_made() -> None:
    def fail() -> int:
        raise MemoryError

    with Prepared() as prepared:
        prepared.latest("states", 1, lambda: 1)
        with pytest.raises(MemoryError):
            prepared.latest("states", 2, fail)
        assert prepared.latest("states", 1, lambda: 3) == 3


def test_it_is_for_one_set_of_samples() -> None:
    prepared, samples = Prepared(), object()
    prepared.belongs_to(samples)
    prepared.belongs_to(samples)
    with pytest.raises(ValueError, match="other samples"):
        prepared.belongs_to(object())
