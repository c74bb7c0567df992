"""The figures of one label a sample are those of the textbooks."""

import numpy as np
import pytest
import torch

from training.targets.one_label import ONE_LABEL, confusion_matrix, per_class, wilson_interval


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [(92, 100, 0.8500, 0.9589), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-4)


def test_rows_of_the_confusion_matrix_are_the_truth():
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_precision_and_recall_are_per_class():
    rows = per_class(np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0]]), ["a", "b", "c"])
    assert [row["precision"] for row in rows] == pytest.approx([1, 1 / 3, 0], abs=1e-6)
    assert [row["recall"] for row in rows] == pytest.approx([0.5, 1, 0])
    assert rows[1]["f1"] == pytest.approx(0.5)
    assert [row["support"] for row in rows] == [2, 1, 1]


def test_the_slope_is_the_gradient_of_the_loss():
    truth, logits = torch.tensor([0, 2, 1, 2]), torch.randn(4, 3, requires_grad=True)
    losses, slopes = ONE_LABEL.slope(truth, 3)(logits.detach())
    loss = ONE_LABEL.loss(logits, truth, reduction="sum")
    loss.backward()
    assert float(losses.sum()) == pytest.approx(loss.item(), rel=1e-5)
    assert torch.allclose(slopes, logits.grad, atol=1e-6)


def test_rare_classes_weigh_as_much_as_common_ones():
    weights = ONE_LABEL.balance(torch.tensor([0, 0, 0, 1, 2, 2]), 4)
    assert weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1, 1 / 2, 1 / 2])


def test_words_are_a_decision_again_and_unknown_ones_are_never_right():
    labels = ["bee", "ant"]
    assert [ONE_LABEL.parse(labels, word) for word in ("bee", "ant", "wasp", "")] == [0, 1, -1, -1]
    assert [ONE_LABEL.knows(labels, word) for word in ("bee", "wasp", "")] == [True, False, False]
    assert not ONE_LABEL.right(np.array([-1, -1]), np.array([0, 1])).any()


def test_the_cells_hold_every_sample_once():
    truth, decisions = np.array([1, 0, 1, 0, 1]), np.array([0, 0, 1, 0, 0])
    cells = {(t, p): places.tolist() for t, p, places in ONE_LABEL.cells(truth, decisions)}
    assert cells == {(0, 0): [1, 3], (1, 0): [0, 4], (1, 1): [2]}
    assert ONE_LABEL.cells(truth[:0], decisions[:0]) == []


def test_a_label_is_contradicted_only_by_a_class_that_is_sure_of_its_own():
    truth = np.array([0, 0, 0, 1, 1, 1])
    sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6]], np.float32)
    assert ONE_LABEL.contradicted(truth, sure).tolist() == [2]
    unsure = np.where(sure == 0.95, 0.55, sure)
    assert ONE_LABEL.contradicted(truth, unsure.astype(np.float32)).tolist() == []
