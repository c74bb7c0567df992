import json

import numpy as np
import pytest

from modelstore.prediction.predictions import Prediction, Predictions

CLASSES = ["ant", "bee", "cat"]
ROWS = np.array([[0.2, 0.5, 0.3], [0.25, 0.25, 0.5]], np.float32)


def test_the_likeliest_come_first_and_equal_ones_in_the_order_of_the_classes() -> None:
    found = Predictions(ROWS, CLASSES, 5)
    assert [prediction.label for prediction in found] == ["bee", "cat"]
    assert found[1] == Prediction(
        label="cat", probability=0.5, top=[("cat", 0.5), ("ant", 0.25), ("bee", 0.25)]
    )
    assert found[-1:] == [found[1]]
    with pytest.raises(IndexError):
        found[2]


def test_they_are_told_as_json_can_write_them() -> None:
    rows = np.array([[1 / 3, 2 / 3, 0.0]], np.float32)
    (told,) = json.loads(json.dumps(Predictions(rows, CLASSES, 2).to_json(), allow_nan=False))
    assert told == {
        "label": "bee",
        "probability": 0.666667,
        "top": [{"label": "bee", "probability": 0.666667}, {"label": "ant", "probability": 0.333333}],
    }


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_prediction(wrong: float) -> None:
    rows = ROWS.copy()
    rows[1, 2] = wrong
    with pytest.raises(ValueError, match="not a number"):
        Predictions(rows, CLASSES, 1)


def test_what_is_spread_too_far_is_outside() -> None:
    found = Predictions(ROWS, CLASSES, 1, 1.035)
    assert [prediction.outside for prediction in found] == [False, True]
    assert [prediction.outside for prediction in Predictions(ROWS, CLASSES, 1, 2.0)] == [False, False]
    assert [answer["outside"] for answer in found.to_json()] == [False, True]
    assert [prediction.outside for prediction in Predictions(ROWS, CLASSES, 1)] == [None, None]
