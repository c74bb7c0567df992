"""A sweep: all trials a little, the promising ones to the end, nothing twice, and nothing lost on the way."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.datasets import sentences, write_pictures, write_table
from training.ground.control import Control
from training.ground.errors import Interrupted, TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.prepared import Prepared
from training.ground.recipe import resolve
from training.ground.run import Run
from training.kinds.pictures import decoded, material
from training.kinds.pictures.reading import read_pictures
from training.kinds.sentences import sharing
from training.kinds.sentences.reading import read_sentences
from training.search.sweep import trainee
from training.search.sweep.curve import Curve
from training.search.sweep.ranker import LowestSoFar
from training.search.sweep.stages import FULL, Stage
from training.search.sweep.sweep import Swept, sweep
from training.search.sweep.sweep_trial import SweepTrial
from training.search.trial_state import TrialState

EPOCHS, COUNT = 6, 5
HALVES = (Stage(0.3, 0.6), Stage(0.5, 0.2))


def _run(folder: Path, control: Control | None = None) -> Run:
    return Run(
        folder=folder,
        machine=Machine(nice=0, threads=1),
        events=Events(io.StringIO()),
        control=control or Control(),
        phases=Phases(),
    )


def _recipe(**values: Any) -> Any:
    return resolve("textclassification", {"model": "bag_of_ngrams", "epochs": EPOCHS} | values)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("data") / "data"
    write_table(folder, sentences())
    return read_sentences(folder)


def _sweep(samples: Any, folder: Path, stages: Sequence[Stage], **more: Any) -> Swept:
    control = more.pop("control", None)
    options: dict[str, Any] = {"count": COUNT, "ranker": LowestSoFar()} | more
    with Prepared() as prepared:
        return sweep(_recipe(), samples, _run(folder, control), stages=stages, prepared=prepared, **options)


def _told(swept: Swept) -> list[tuple[Any, ...]]:
    return [(trial.number, trial.values, trial.state, trial.curve) for trial in swept.trials]


def test_all_begin_and_the_promising_ones_end(samples: Any, tmp_path: Path) -> None:
    turns: list[tuple[int, int]] = []
    found = _sweep(
        samples, tmp_path, HALVES, tell=lambda trial: turns.append((trial.number, trial.curve.epochs))
    )
    assert turns[:COUNT] == [(number, 2) for number in range(1, COUNT + 1)]
    lengths = sorted(trial.curve.epochs for trial in found.trials)
    assert lengths == [2, 2, 3, 3, EPOCHS]
    assert all(trial.state == TrialState.DONE for trial in found.trials)
    assert found.best.loss == min(trial.loss for trial in found.trials)
    assert found.trials[0].values == {}


def test_a_full_sweep_is_one_that_keeps_all(samples: Any, tmp_path: Path) -> None:
    full = _sweep(samples, tmp_path / "full", FULL)
    kept = _sweep(samples, tmp_path / "kept", (Stage(0.3, 1.0), Stage(0.5, 1.0)))
    assert {trial.curve.epochs for trial in full.trials} == {EPOCHS}
    assert _told(full) == _told(kept)


def test_what_is_stopped_early_went_as_in_the_full_sweep(samples: Any, tmp_path: Path) -> None:
    full = _sweep(samples, tmp_path / "full", FULL)
    fast = _sweep(samples, tmp_path / "fast", HALVES)
    for one, other in zip(full.trials, fast.trials, strict=True):
        assert other.curve == one.curve.first(other.curve.epochs)


@pytest.mark.parametrize("turn", [3, COUNT + 2])
def test_an_interrupted_sweep_goes_on_where_it_was(samples: Any, tmp_path: Path, turn: int) -> None:
    whole = _sweep(samples, tmp_path / "whole", HALVES)
    control = Control()
    before: list[tuple[int, int]] = []
    later: list[tuple[int, int]] = []

    def stop(trial: SweepTrial) -> None:
        before.append((trial.number, trial.curve.epochs))
        if len(before) == turn:
            control.interrupt()

    with pytest.raises(Interrupted):
        _sweep(samples, tmp_path / "cut", HALVES, control=control, tell=stop)

    def trained(trial: SweepTrial) -> None:
        if trial.state == TrialState.RUNNING:
            later.append((trial.number, trial.curve.epochs))

    found = _sweep(samples, tmp_path / "cut", HALVES, tell=trained)
    assert _told(found) == _told(whole)
    assert not set(before) & set(later)


def test_one_that_died_before_it_could_tell_is_not_trained_twice(samples: Any, tmp_path: Path) -> None:
    whole = _sweep(samples, tmp_path / "whole", HALVES)

    class Killed(BaseException):
        pass

    def die(trial: SweepTrial) -> None:
        raise Killed

    with pytest.raises(Killed):
        _sweep(samples, tmp_path / "cut", HALVES, tell=die)
    store = tmp_path / "cut" / "checkpoint" / "sweep" / "trials.json"
    saved = json.loads(store.read_text(encoding="utf-8"))
    # As it was before the first turn; the checkpoint of the trial is further.
    saved["trials"][0] |= {"train": [], "validation": []}
    store.write_text(json.dumps(saved), encoding="utf-8")
    assert _told(_sweep(samples, tmp_path / "cut", HALVES)) == _told(whole)


def test_sentences_are_tokenised_once(samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    tokenise = sharing.choose_tokens

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return tokenise(*arguments)

    monkeypatch.setattr(sharing, "choose_tokens", counted)
    with Prepared() as prepared:
        options: dict[str, Any] = {"count": COUNT, "ranker": LowestSoFar(), "prepared": prepared}
        sweep(_recipe(), samples, _run(tmp_path), stages=HALVES, **options).outcome()
    assert calls == [1]


def test_pictures_are_decoded_and_read_by_the_network_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path / "data")
    calls: list[str] = []
    for name in ("decode_in_chunks", "Descriptors"):
        made = getattr(decoded, name)
        monkeypatch.setattr(decoded, name, lambda *a, made=made, name=name: [calls.append(name), made(*a)][1])
    alike = material.alike_pictures
    monkeypatch.setattr(material, "alike_pictures", lambda *a: [calls.append("alike"), alike(*a)][1])
    recipe = resolve("imageclassification", {"model": "wavelets", "epochs": 4})
    with Prepared() as prepared:
        options: dict[str, Any] = {"count": 3, "ranker": LowestSoFar(), "prepared": prepared}
        samples = read_pictures(tmp_path / "data")
        found = sweep(recipe, samples, _run(tmp_path), stages=HALVES, **options)
        found.outcome()
    assert [trial.state for trial in found.trials] == [TrialState.DONE] * 3
    assert sorted(calls) == ["Descriptors", "alike", "decode_in_chunks"]


def test_the_best_gives_its_model(samples: Any, tmp_path: Path) -> None:
    found = _sweep(samples, tmp_path, HALVES)
    outcome = found.outcome()
    assert outcome.probabilities.shape == (len(outcome.parts[1]), 2)
    history = [figures.val_loss for figures in outcome.progress.history]
    assert history[: found.best.curve.epochs] == pytest.approx(found.best.curve.validation)


def test_one_that_fails_costs_only_its_time(
    samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, calls = trainee.fit, [0]

    def failing(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise MemoryError
        return fit(*arguments, **options)

    monkeypatch.setattr(trainee, "fit", failing)
    found = _sweep(samples, tmp_path, HALVES)
    assert found.trials[1].state == TrialState.FAILED
    assert "not enough memory" in found.trials[1].note
    assert found.best.number != 2


def test_where_all_fail_the_sweep_fails_with_the_reason(
    samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: Any, **options: Any) -> Any:
        raise TrainingFailed("dataset_unreadable", "None of it can be read.")

    monkeypatch.setattr(trainee, "fit", failing)
    with pytest.raises(TrainingFailed, match="None of it"):
        _sweep(samples, tmp_path, FULL)


def test_when_the_time_is_over_the_best_so_far_is_given(samples: Any, tmp_path: Path) -> None:
    control = Control()
    found = _sweep(samples, tmp_path, FULL, control=control, tell=lambda trial: control.finish())
    assert [trial.curve.epochs for trial in found.trials] == [EPOCHS, 0, 0, 0, 0]
    assert found.best.number == 1
    assert found.outcome().progress.history
    with pytest.raises(TrainingFailed, match="Allow more time"):
        _sweep(samples, tmp_path / "never", FULL, control=control)


def test_the_ranker_is_asked_what_it_may_know(samples: Any, tmp_path: Path) -> None:
    asked: list[tuple[list[int], list[set[str]], int]] = []

    class Asked(LowestSoFar):
        def order(self, curves: Sequence[Curve], values: Sequence[Mapping[str, Any]], epochs: int) -> Any:
            asked.append(([curve.epochs for curve in curves], [set(row) for row in values], epochs))
            return np.arange(len(curves))

    found = _sweep(samples, tmp_path, HALVES, ranker=Asked())
    names = set(found.trials[1].values)
    assert asked == [([2] * 5, [names] * 5, EPOCHS), ([3] * 3, [names] * 3, EPOCHS)]
    # It kept the first ones.
    assert [trial.curve.epochs for trial in found.trials] == [EPOCHS, 3, 3, 2, 2]
