"""Any number of labels a sample: loss, thresholds and figures are those of the textbooks."""

import numpy as np
import pytest
import torch

from training.targets.label_figures import average_precisions, label_figures, micro_f1
from training.targets.label_thresholds import USUAL, cross_fitted, fit_thresholds
from training.targets.many_labels import BETWEEN, MANY_LABELS, NONE, many_labels

TRUTH = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]], bool)
SAID = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 1]], bool)


def drawn(count: int, shares: list[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and probabilities that mean what they say; what is there is seldom sure."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, len(shares))) + np.log(np.array(shares) / (1 - np.array(shares)))
    probabilities = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return random.random(probabilities.shape) < probabilities, probabilities


def test_the_slope_is_the_gradient_of_the_loss():
    truth, logits = torch.from_numpy(TRUTH), torch.randn(4, 3, requires_grad=True)
    losses, slopes = MANY_LABELS.slope(truth, 3)(logits.detach())
    loss = MANY_LABELS.loss(logits, truth, reduction="sum")
    loss.backward()
    assert float(losses.sum()) == pytest.approx(loss.item(), rel=1e-5)
    assert torch.allclose(slopes, logits.grad, atol=1e-6)


def test_the_loss_is_the_likelihood_of_independent_labels():
    logits = torch.randn(4, 3)
    given = MANY_LABELS.likelihood(TRUTH, logits.sigmoid().numpy())
    assert float(MANY_LABELS.loss(logits, torch.from_numpy(TRUTH))) == pytest.approx(
        -np.log(given).mean(), rel=1e-4
    )


def test_rare_labels_weigh_as_much_as_common_ones():
    truth = torch.tensor([[1, 0], [1, 0], [1, 1], [0, 0]], dtype=torch.bool)
    assert MANY_LABELS.balance(truth, 2).tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1])


def test_micro_f1_counts_all_labels_together():
    # 4 hits, 1 missed, 1 said wrongly.
    score = micro_f1(TRUTH, SAID)
    assert score.value == pytest.approx(8 / 10)
    assert 0 < score.low < 0.8 < score.high < 1


def test_the_interval_of_micro_f1_holds_the_true_value():
    held = 0
    truth, probabilities = drawn(40_000, [0.1, 0.3, 0.5])
    decisions = probabilities >= 0.4
    true = micro_f1(truth, decisions).value
    for part in range(100):
        some = slice(part * 200, part * 200 + 200)
        score = micro_f1(truth[some], decisions[some])
        held += score.low <= true <= score.high
    assert 90 <= held <= 99


def test_all_right_is_no_certainty_and_nothing_at_all_is_right():
    assert 0.3 < micro_f1(TRUTH, TRUTH).low < micro_f1(TRUTH, TRUTH).value == 1
    assert micro_f1(np.zeros((3, 2), bool), np.zeros((3, 2), bool)).value == 1


def test_average_precision_takes_equal_probabilities_together():
    truth = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], bool)
    precise, none = average_precisions(truth, np.array([[0.9, 0], [0.8, 0], [0.7, 0], [0.1, 0]]))
    assert (precise, none) == (pytest.approx((1 + 2 / 3) / 2, abs=1e-6), None)
    assert average_precisions(truth[:, :1], np.full((4, 1), 0.5)) == [0.5]


def test_the_figures_name_each_label():
    figures = label_figures(None, ["a", "b", "c"], TRUTH, SAID, SAID.astype(np.float32))
    assert [row["f1"] for row in figures["per_class"]] == pytest.approx([2 / 3, 1, 2 / 3], abs=1e-6)
    assert [(row["missed"], row["said_wrongly"]) for row in figures["per_class"]] == [(1, 0), (0, 0), (0, 1)]
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 3, abs=1e-6)
    assert (figures["all_right"], figures["without_labels"]) == (0.75, 1)


def test_thresholds_raise_f1_where_one_half_is_too_much():
    truth, probabilities = drawn(20_000, [0.05, 0.1])
    found = fit_thresholds(truth, probabilities)
    # Half of the best F1 is the best threshold of probabilities that mean what they say (Lipton et al. 2014).
    best = micro_f1(truth[:, :1], probabilities[:, :1] >= found[0]).value
    assert found[0] == pytest.approx(best / 2, abs=0.05)
    assert micro_f1(truth, probabilities >= found).value > micro_f1(truth, probabilities >= 0.5).value + 0.05


def test_a_label_with_few_samples_takes_the_threshold_of_the_others():
    truth, probabilities = drawn(4_000, [0.3, 0.3, 0.3])
    rare = np.zeros((4_000, 1), bool)
    rare[7] = True
    likely = np.full((4_000, 1), 0.01, np.float32)
    likely[7] = 0.9
    found = fit_thresholds(np.hstack([truth, rare]), np.hstack([probabilities, likely]))
    assert abs(found[3] - found[:3].mean()) < 0.15
    assert (fit_thresholds(np.zeros((5, 2), bool), np.zeros((5, 2), np.float32)) == USUAL).all()


def test_decisions_of_the_measured_samples_do_not_flatter_their_thresholds():
    truth, probabilities = drawn(60, [0.1] * 8)
    _, fresh = drawn(60, [0.1] * 8, seed=1)
    noise = fresh  # says nothing of this truth
    own = micro_f1(truth, noise >= fit_thresholds(truth, noise)).value
    assert micro_f1(truth, cross_fitted(truth, noise)).value <= own
    sources = np.repeat(np.arange(6), 10)
    assert cross_fitted(truth, probabilities, sources).shape == truth.shape


def test_the_temperature_takes_back_what_overfitting_did():
    truth, probabilities = drawn(5_000, [0.2, 0.4])
    sharper = MANY_LABELS.tempered(probabilities, 1 / 3)
    assert MANY_LABELS.temperature(truth, sharper) == pytest.approx(3, rel=0.1)
    assert np.allclose(MANY_LABELS.tempered(sharper, 3), probabilities, atol=0.02)


def test_labels_are_said_and_understood_again():
    labels = ["a", "b", "c"]
    assert MANY_LABELS.words(labels, TRUTH[1]) == f"a{BETWEEN}b"
    assert MANY_LABELS.words(labels, TRUTH[2]) == NONE
    for words in ("a | b", '["b", "a"]'):
        assert MANY_LABELS.parse(labels, words).tolist() == [True, True, False]
    assert not MANY_LABELS.parse(labels, NONE).any() and not MANY_LABELS.parse(labels, "[]").any()
    assert MANY_LABELS.knows(labels, "a | c") and not MANY_LABELS.knows(labels, "a | d")


def test_each_label_has_what_it_got_missed_and_was_said_wrongly():
    cells = {(t, p): places.tolist() for t, p, places in MANY_LABELS.cells(TRUTH, SAID)}
    assert cells == {(0, 0): [0], (0, -1): [1], (1, 1): [1, 3], (2, 2): [3], (-1, 2): [1]}


def test_labels_are_said_from_their_own_thresholds_on():
    decided = many_labels([0.2, 0.9]).decide(np.array([[0.3, 0.8], [0.1, 0.95]], np.float32))
    assert decided.tolist() == [[True, False], [False, True]]


def test_labels_that_others_contradict_are_found():
    truth, probabilities = drawn(2_000, [0.5, 0.5])
    probabilities = MANY_LABELS.tempered(probabilities, 0.3)
    truth = probabilities >= 0.5
    wrong = np.flatnonzero(probabilities[:, 0] > 0.99)[:5]
    truth[wrong, 0] = False
    assert set(wrong) <= set(MANY_LABELS.contradicted(truth, probabilities).tolist())
