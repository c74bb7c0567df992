"""Answers of a model with any number of labels a sample."""

import numpy as np

from modelstore.prediction.predictions import Predictions


def test_all_labels_from_their_thresholds_on_are_said_likeliest_first() -> None:
    probabilities = np.array([[0.3, 0.9, 0.4], [0.1, 0.2, 0.3]], np.float32)
    found = Predictions(probabilities, ["a", "b", "c"], 2, thresholds=[0.3, 0.5, 0.5])
    assert [label for label, _ in found[0].labels or ()] == ["b", "a"]
    assert (found[1].labels, found[1].label) == ([], "c")
    first, second = found.to_json()
    assert [one["label"] for one in first["labels"]] == ["b", "a"]
    assert (first["label"], len(first["top"]), second["labels"]) == ("b", 2, [])


def test_a_model_with_one_label_names_no_others() -> None:
    found = Predictions(np.array([[0.3, 0.7]], np.float32), ["a", "b"], 2)
    assert found[0].labels is None
    assert "labels" not in found.to_json()[0]
