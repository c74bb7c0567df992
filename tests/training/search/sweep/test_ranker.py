"""The ranker, on made-up curves of which it is known how they end."""

from pathlib import Path

import numpy as np
import pytest

from training.search.sweep.complete_runs import CompleteSweep, read_table, write_table
from training.search.sweep.curve import Curve
from training.search.sweep.features import features
from training.search.sweep.ranker import LowestSoFar, PairwiseRanker

EPOCHS, TRIALS = 20, 16


def _made_up(seed: int, *, scale: float = 1.0, data: str = "") -> CompleteSweep:
    """Trials that fall as fast as their rate; the fast ones fall less far: in the beginning they are ahead."""
    random = np.random.default_rng(seed)
    rates = np.exp(random.uniform(np.log(1e-4), np.log(1e-2), TRIALS))
    at = np.arange(1, EPOCHS + 1)
    curves = []
    for rate in rates:
        floor = 0.3 + 60 * rate
        validation = scale * (
            floor + np.exp(-at * (0.15 + 100 * rate)) + 0.002 * random.standard_normal(EPOCHS)
        )
        curves.append(Curve(tuple(0.9 * validation), tuple(validation)))
    return CompleteSweep(
        data=data or f"set {seed}",
        recipe="made up",
        samples=1000,
        classes=2,
        epochs=EPOCHS,
        values=[{"learning_rate": float(rate), "batch_size": 32} for rate in rates],
        curves=curves,
        seconds=[1.0] * TRIALS,
    )


def _places(order: np.ndarray) -> np.ndarray:
    return np.argsort(order)


def _agreement(ranker: PairwiseRanker | LowestSoFar, sweep: CompleteSweep, epochs: int) -> float:
    """The correlation of ranks with the end."""
    told = ranker.order([curve.first(epochs) for curve in sweep.curves], sweep.values, sweep.epochs)
    ends = np.argsort(np.argsort([curve.lowest for curve in sweep.curves]))
    return float(np.corrcoef(_places(told), ends)[0, 1])


def test_it_learns_that_who_leads_early_need_not_win() -> None:
    ranker = PairwiseRanker([_made_up(seed) for seed in range(6)])
    for seed in range(10, 14):
        # Easier data, of which it has seen none.
        sweep = _made_up(seed, scale=0.2)
        assert _agreement(LowestSoFar(), sweep, 2) < 0
        assert _agreement(ranker, sweep, 2) > 0.75


def test_the_order_does_not_depend_on_the_order_of_the_trials() -> None:
    ranker, sweep = PairwiseRanker([_made_up(seed) for seed in range(3)]), _made_up(9)
    curves = [curve.first(4) for curve in sweep.curves]
    told = ranker.order(curves, sweep.values, EPOCHS)
    turned = np.random.default_rng(0).permutation(TRIALS)
    again = ranker.order(
        [curves[place] for place in turned], [sweep.values[place] for place in turned], EPOCHS
    )
    assert turned[again].tolist() == told.tolist()


def test_what_all_trials_have_in_common_is_no_feature() -> None:
    sweep = _made_up(1)
    told = features([curve.first(3) for curve in sweep.curves], sweep.values, EPOCHS)
    assert np.isfinite(told).all()
    larger = features(
        [curve.first(3) for curve in sweep.curves], [dict(row, batch_size=64) for row in sweep.values], EPOCHS
    )
    assert np.array_equal(told, larger)
    alike = features([sweep.curves[0].first(3)] * 4, [sweep.values[0]] * 4, EPOCHS)
    assert not alike.any()


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_few_epochs_and_lost_trials_are_ranked(epochs: int) -> None:
    ranker, sweep = PairwiseRanker([_made_up(seed) for seed in range(3)]), _made_up(9)
    curves = [curve.first(epochs) for curve in sweep.curves]
    # One that learned nothing at all, and one whose loss is as good as none.
    curves[0] = Curve((80.0,) * epochs, (80.0,) * epochs)
    curves[1] = Curve((0.0,) * epochs, (0.0,) * epochs)
    told = ranker.order(curves, sweep.values, EPOCHS)
    assert sorted(told.tolist()) == list(range(TRIALS))


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    sweeps = [_made_up(1), _made_up(2)]
    path = tmp_path / "runs.jsonl.gz"
    write_table(sweeps, path)
    before = path.read_bytes()
    found = read_table(path)
    assert [sweep.data for sweep in found] == ["set 1", "set 2"]
    assert found[0].values == sweeps[0].values
    assert found[0].curves[3].validation == pytest.approx(sweeps[0].curves[3].validation, abs=1e-5)
    write_table(found, path)
    assert path.read_bytes() == before


def test_the_table_that_comes_with_flash_teaches_a_ranker() -> None:
    sweeps = read_table()
    assert len({sweep.data for sweep in sweeps}) >= 8
    for sweep in sweeps:
        assert len(sweep.curves) == len(sweep.values) == len(sweep.seconds)
        assert {curve.epochs for curve in sweep.curves} == {sweep.epochs}
    first = sweeps[0]
    others = PairwiseRanker([sweep for sweep in sweeps if sweep.data != first.data])
    assert _agreement(others, first, round(0.2 * first.epochs)) > 0.7
    # One that learns nothing is not taken for one that is slow.
    curves = [curve.first(2) for curve in first.curves]
    curves[0] = Curve((9.0, 9.1), (9.0, 9.1))
    assert others.order(curves, first.values, first.epochs).tolist().index(0) > len(curves) // 2
