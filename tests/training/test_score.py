"""A score knows which of two is better, how it is written, and its way to JSON and back."""

import pytest

from training.score import Score, best_epoch, score_fields


def accuracy(value: float, **ends: float) -> Score:
    return Score(name="accuracy", value=value, **ends)


def test_more_accuracy_is_better() -> None:
    assert accuracy(0.9).is_better(accuracy(0.8))
    assert not accuracy(0.8).is_better(accuracy(0.8))
    assert accuracy(0.0).is_better(None)


def test_less_of_another_score_may_be_better(made_up_score: None) -> None:
    low, high = (Score(name="error", value=value) for value in (0.1, 0.2))
    assert low.is_better(high)
    assert not high.is_better(low)
    assert low.gain > high.gain


def test_scores_of_two_names_do_not_mix() -> None:
    assert not accuracy(0.9).is_better(Score(name="micro_f1", value=0.1))
    assert not Score(name="micro_f1", value=0.9).is_better(accuracy(0.1))


def test_a_score_has_a_known_name() -> None:
    with pytest.raises(ValueError, match="no score 'luck'"):
        Score(name="luck", value=1.0)


def test_it_is_written_as_its_kind_is() -> None:
    assert accuracy(0.9349).shown == "93.5 %"
    assert Score(name="map", value=0.4821).shown == "0.482"


def test_the_interval_holds_the_value() -> None:
    assert accuracy(1.0, low=0.95, high=0.999999).interval == (0.95, 1.0)
    assert accuracy(1.0).interval is None


@pytest.mark.parametrize("score", [accuracy(0.9, low=0.8, high=0.95), Score(name="map", value=0.4)])
def test_it_comes_back_from_json(score: Score) -> None:
    assert Score.from_json(score.to_json()) == score


@pytest.mark.parametrize(
    "data", [{}, {"name": "accuracy"}, {"name": "luck", "value": 1}, {"name": "map", "value": "x"}]
)
def test_what_is_no_score_is_refused(data: dict) -> None:
    with pytest.raises((KeyError, ValueError)):
        Score.from_json(data)


def test_an_accuracy_keeps_its_old_names_in_files() -> None:
    fields = score_fields(accuracy(0.9, low=0.8, high=0.95))
    assert (fields["accuracy"], fields["accuracy_interval"]) == (0.9, [0.8, 0.95])
    assert set(score_fields(Score(name="map", value=0.4))) == {"score"}


def test_the_best_epoch_goes_by_the_score_then_by_the_loss(made_up_score: None) -> None:
    rows = [
        {"epoch": n, "val_error": error, "val_accuracy": error, "val_loss": loss}
        for n, error, loss in [(1, 0.2, 0.5), (2, 0.1, 0.4), (3, 0.1, 0.3), (4, 0.3, 0.1), (5, None, 0.0)]
    ]
    assert best_epoch(rows, "error")["epoch"] == 3
    assert best_epoch(rows, "accuracy")["epoch"] == 4
    assert best_epoch([], "accuracy") is None
