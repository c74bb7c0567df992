"""When data is measured in folds, and what is said of it."""

import pytest

from tests.tasks import Task
from training.ground.recipe import resolve
from training.search.folding import MOST_SAMPLES, fold_count, measured_words, trainings


@pytest.mark.parametrize(
    ("task", "values", "samples", "count"),
    [
        (Task.IMAGE, {}, 240, 5),
        (Task.TEXT, {}, 200, 10),
        (Task.TEXT, {"data_split": 0.5}, 200, 2),
        (Task.TEXT, {"data_split": 0.95}, 200, 10),
        (Task.TEXT, {"model": "bag_of_ngrams", "preset": "balanced"}, 200, 10),
        (Task.IMAGE, {}, MOST_SAMPLES, 5),
        (Task.IMAGE, {}, MOST_SAMPLES + 1, 1),
        # Whoever sets the epochs gets that very loop.
        (Task.IMAGE, {"epochs": 3}, 240, 1),
        (Task.IMAGE, {"preset": "balanced"}, 240, 1),
        (Task.IMAGE, {"preset": "best"}, 240, 5),
        (Task.IMAGE, {"preset": "best"}, 1_000, 1),
        (Task.IMAGE, {"preset": "best", "model": "vit_b_16"}, 240, 1),
        (Task.TEXT, {"preset": "best"}, 1_000, 10),
    ],
)
def test_little_data_is_measured_in_folds(task, values, samples, count) -> None:
    assert fold_count(resolve(task, values).to_json(), samples) == count


def test_folds_of_a_linear_model_take_no_longer() -> None:
    assert trainings(resolve(Task.TEXT, {}).to_json(), 200) == 1
    assert trainings(resolve(Task.TEXT, {"preset": "best"}).to_json(), 200) == 11


def test_words_say_how_many_were_measured() -> None:
    found = {"count": 5, "samples": 240, "of": 240}
    assert measured_words({"folds": found}, "pictures") == (
        "all 240 pictures, each by a model that had not seen it (5 folds)"
    )
    assert measured_words({"folds": found | {"of": 1_250}}, "pictures").startswith(
        "240 of 1,250 pictures, each"
    )
    assert measured_words({"val_count": 48}, "pictures") == ""
