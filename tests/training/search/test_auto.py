"""Preset Auto: one training after another within a budget, the best stays, and nothing is lost on the way."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.datasets import start, told, write_table
from training.bundle.onnx_classifier import OnnxClassifier
from training.fit import fit
from training.ground.errors import Interrupted, TrainingFailed
from training.ground.machine import Machine
from training.ground.recipe import RecipeInvalid, resolve
from training.kinds.sentences.reading import read_sentences
from training.search import auto
from training.search.folds import fit_in_folds
from training.train import train

TEXT = "textclassification"
NGRAMS = {"model": "bag_of_ngrams"}


def _rows() -> list[tuple[str, str]]:
    """Sentences of two classes, of which every sixth has the wrong label: nobody gets all right."""
    random = np.random.default_rng(1)
    words = {"food": ["soup", "bread", "cake", "cheese"], "weather": ["rain", "sun", "snow", "wind"]}
    rows = []
    for number in range(360):
        label = ("food", "weather")[number % 2]
        neutral = ["".join(random.choice(list("abdeiklmnorstu"), 5)) for _ in range(8)]
        said = " ".join([*random.choice(words[label], 2), *neutral])
        rows.append((said, ("weather", "food")[number % 2] if number % 6 == 0 else label))
    return rows


def _run_dir(folder: Path, **values: Any) -> Path:
    write_table(folder / "data", _rows())
    config = resolve(TEXT, NGRAMS | values).to_json() | Machine(nice=0, threads=1).to_json()
    (folder / "config.json").write_text(json.dumps({"config": config, "task_name": "try"}), encoding="utf-8")
    return folder


# What trains a candidate.
FITTING: dict[str, Any] = {"by": fit}


def _by(*arguments: Any, **options: Any) -> Any:
    return FITTING["by"](*arguments, **options)


def _trained(folder: Path, budget: float | None = None) -> tuple[dict[str, Any], Any]:
    """The report and the events; `budget`, in minutes, may be less than a user can ask for."""
    job, stream = start(folder)
    if budget is not None:
        job = dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, budget_minutes=budget))
    train(job, by=_by)
    return json.loads((folder / "bundle" / "report.json").read_text(encoding="utf-8")), stream


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The presets of all trainings, in order."""
    presets: list[str] = []

    def counted(recipe: Any, *arguments: Any, **options: Any) -> Any:
        presets.append(f"{recipe.preset} {recipe.epochs}")
        return fit(recipe, *arguments, **options)

    monkeypatch.setitem(FITTING, "by", counted)
    return presets


def test_a_tiny_budget_equals_quick(tmp_path: Path) -> None:
    searched, stream = _trained(_run_dir(tmp_path / "auto", preset="auto", budget_minutes=0.1), budget=1e-6)
    quick, _ = _trained(_run_dir(tmp_path / "quick", preset="quick"))
    assert [trial["words"] for trial in searched["search"]["trials"]] == ["Quick"]
    assert searched["score"] == quick["score"]
    assert "with about a minute it could have tried" in searched["search"]["ended"]
    assert [event["state"] for event in told(stream, "trial")] == ["running", "done"]
    said = [row[0] for row in _rows()[:40]]
    answers = [OnnxClassifier(tmp_path / name / "bundle").predict(said) for name in ("auto", "quick")]
    assert np.array_equal(*answers)


def test_the_best_of_all_stays_and_its_luck_is_taken_off(tmp_path: Path, fits: list[str]) -> None:
    report, stream = _trained(_run_dir(tmp_path, preset="auto", budget_minutes=2))
    found = report["search"]
    done = [trial for trial in found["trials"] if trial["score"]]
    assert len(done) == len(fits) > 1
    best = max(trial["score"]["value"] for trial in done)
    chosen = next(trial for trial in done if trial["number"] == found["chosen"])
    assert chosen["score"]["value"] == best == found["best_score"]["value"]
    assert report["score"]["value"] <= best
    assert report["score"]["low"] < report["score"]["value"] < report["score"]["high"]
    confusion = np.array(report["confusion"])
    assert np.trace(confusion) / confusion.sum() == pytest.approx(best, abs=1e-6)
    assert told(stream, "result")[0]["score"] == report["score"]
    assert not told(stream, "epoch")


def test_more_minutes_never_give_less(tmp_path: Path) -> None:
    for seed in range(3):
        scores = []
        for budget in (1e-6, 0.02, 2.0):
            folder = tmp_path / f"{seed} {budget}"
            report, _ = _trained(_run_dir(folder, preset="auto", seed=seed), budget=budget)
            scores.append(report["search"]["best_score"]["value"])
        assert scores == sorted(scores)


def test_one_that_fails_costs_only_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(recipe: Any, *arguments: Any, **options: Any) -> Any:
        if recipe.preset != "quick":
            raise MemoryError
        return fit(recipe, *arguments, **options)

    monkeypatch.setitem(FITTING, "by", failing)
    report, stream = _trained(_run_dir(tmp_path, preset="auto", budget_minutes=1))
    failed = [trial for trial in report["search"]["trials"] if trial["state"] == "failed"]
    assert failed
    assert all("not enough memory" in trial["note"] for trial in failed)
    assert report["search"]["chosen"] == 1
    assert not told(stream, "error")


def test_where_the_first_fails_the_job_fails_with_its_reason(tmp_path: Path) -> None:
    folder = _run_dir(tmp_path, preset="auto")
    (folder / "data" / "data.csv").write_text("input,label\nhello,a\nthere,a\n", encoding="utf-8")
    job, _ = start(folder)
    with pytest.raises(TrainingFailed, match="at least two classes"):
        train(job, by=_by)


def test_an_interrupted_search_goes_on_where_it_was(
    tmp_path: Path, fits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = _trained(_run_dir(tmp_path / "whole", preset="auto", budget_minutes=2))
    once = list(fits)
    fits.clear()
    folder = _run_dir(tmp_path / "cut", preset="auto", budget_minutes=2)
    job, _ = start(folder)
    trial = job.events.trial

    def stop_at_the_third(facts: Any) -> None:
        trial(facts)
        if facts["number"] == 3:
            job.control.interrupt()

    monkeypatch.setattr(job.events, "trial", stop_at_the_third)
    with pytest.raises(Interrupted):
        train(job, by=_by)
    continued, stream = _trained(folder)
    assert [event["number"] for event in told(stream, "trial")][:2] == [1, 2]
    # What comes next depends on how long others took; what comes of each does not.
    scores = [
        {trial["words"]: trial["score"]["value"] for trial in report["search"]["trials"]}
        for report in (whole, continued)
    ]
    shared = scores[0].keys() & scores[1].keys()
    assert len(shared) >= 2
    assert all(scores[0][words] == scores[1][words] for words in shared)
    best = max(scores[1].values())
    assert continued["search"]["best_score"]["value"] == best
    confusion = np.array(continued["confusion"])
    assert np.trace(confusion) / confusion.sum() == pytest.approx(best, abs=1e-6)
    # None of the ended ones was trained again, but for the best, whose model an earlier process had.
    assert len(fits) <= len(once) + 2


def test_the_owner_may_end_it(tmp_path: Path, fits: list[str]) -> None:
    job, _ = start(_run_dir(tmp_path, preset="auto", budget_minutes=2))
    early: list[Any] = []
    tell = job.events.early

    def enough(score: Any) -> None:
        tell(score)
        early.append(score)
        job.control.finish()

    job.events.early = enough  # type: ignore[method-assign]
    train(job, by=_by)
    report = json.loads((tmp_path / "bundle" / "report.json").read_text(encoding="utf-8"))
    assert len(early) == len(fits) == len(report["search"]["trials"]) == 1
    assert report["search"]["ended"] == "The training was stopped."


def test_the_time_that_the_machine_has_ends_it_too(tmp_path: Path, fits: list[str]) -> None:
    folder = _run_dir(tmp_path, preset="auto", budget_minutes=2)
    job, _ = start(folder)
    job.control.set_deadline(0.0, 0.0)
    train(job, by=_by)
    assert len(fits) == 1


def test_a_budget_is_for_auto_alone_and_auto_finds_the_rest() -> None:
    with pytest.raises(RecipeInvalid) as refused:
        resolve(TEXT, {"preset": "auto", "learning_rate": 0.1, "epochs": 3})
    assert set(refused.value.fields) == {"learning_rate", "epochs"}
    with pytest.raises(RecipeInvalid, match="for preset Auto"):
        resolve(TEXT, {"preset": "best", "budget_minutes": 5})
    with pytest.raises(RecipeInvalid, match=r"from 0\.1 to 1440"):
        resolve(TEXT, {"preset": "auto", "budget_minutes": 0})
    assert resolve(TEXT, {"preset": "auto"}).budget_minutes == 10


def test_what_is_measured_in_folds_is_compared_on_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, _ = _trained(_run_dir(tmp_path / "plain", preset="auto", budget_minutes=2))
    monkeypatch.setitem(FITTING, "by", fit_in_folds)
    folded, _ = _trained(_run_dir(tmp_path / "folded", preset="auto", budget_minutes=2))
    scores = [
        {trial["words"]: trial["score"]["value"] for trial in report["search"]["trials"]}
        for report in (plain, folded)
    ]
    shared = scores[0].keys() & scores[1].keys()
    assert "Quick" in shared
    assert all(scores[0][words] == scores[1][words] for words in shared)
    assert folded["folds"]["samples"] == 360
    assert folded["score"]["high"] - folded["score"]["low"] < plain["score"]["high"] - plain["score"]["low"]


def test_candidates_are_measured_on_the_same_samples(tmp_path: Path) -> None:
    folder = _run_dir(tmp_path, preset="auto", budget_minutes=2)
    job, _ = start(folder)
    parts = [
        fit(option.recipe, read_sentences(folder / "data"), job.machine, job.events).parts[1].tolist()
        for option in auto.options(job.recipe, 360)
    ]
    assert all(part == parts[0] for part in parts)
