"""A training is a function: it can be called again, with other recipes or parts, and shares what was prepared."""

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.datasets import sentences, write_pictures, write_table
from training.evaluation.outcome import Outcome
from training.export.calibrated import calibrate
from training.fit import fit
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe, resolve
from training.ground.split import stratified_split
from training.kinds.pictures import features, preprocess
from training.kinds.pictures.reading import read_pictures
from training.kinds.sentences import tokens
from training.kinds.sentences.reading import read_sentences

MACHINE = Machine(threads=1, nice=0)
SMALL = {"model": "mobilenet_v3_small"}
LSTM = {"model": "lstm", "hidden": 8, "embedding": 8, "epochs": 1}


def recipe(task: str, **values: Any) -> Recipe:
    from training.ground.recipe import FIELDS

    asked = {name: value for name, value in values.items() if name in FIELDS}
    rest = {name: value for name, value in values.items() if name not in FIELDS}
    return dataclasses.replace(resolve(task, asked), **rest)


def picture_recipe(**values: Any) -> Recipe:
    return recipe("imageclassification", **SMALL | values)


def text_recipe(**values: Any) -> Recipe:
    return recipe("textclassification", **{"model": "bag_of_ngrams", **values})


def counting(patch: pytest.MonkeyPatch, where: Any, name: str, size: Callable[..., int]) -> list[int]:
    """The sizes of all calls of `where.name`."""
    calls: list[int] = []
    function = getattr(where, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(size(*arguments))
        return function(*arguments, **options)

    patch.setattr(where, name, counted)
    return calls


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each picture that is decoded."""
    return counting(monkeypatch, preprocess.PicturePreprocess, "load", lambda *_: 1)


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures went through a frozen backbone, call by call."""
    calls: list[int] = []
    make = features.spread_over_cores

    def counted(model: bytes, threads: int) -> Any:
        extract = make(model, threads)
        return lambda batch: (calls.append(len(batch)), extract(batch))[1]

    monkeypatch.setattr(features, "spread_over_cores", counted)
    return calls


@pytest.fixture
def tokenised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sentences were tokenised, call by call."""
    return counting(monkeypatch, tokens, "compact", lambda _, sentences, *__: len(sentences))


@pytest.fixture
def pictures(tmp_path: Path) -> Any:
    write_pictures(tmp_path / "data", 8)
    return read_pictures(tmp_path / "data")


@pytest.fixture
def texts(tmp_path: Path) -> Any:
    write_table(tmp_path / "data", sentences())
    return read_sentences(tmp_path / "data")


def quietly() -> Events:
    return Events(io.StringIO())


@pytest.mark.usefixtures("with_weights")
def test_five_recipes_share_the_features_of_one(tmp_path, pictures, decoded, extracted) -> None:
    recipes = [picture_recipe(seed=1), picture_recipe(seed=2), picture_recipe(class_weights=True)]
    recipes += [picture_recipe(learning_rate=0.01), picture_recipe(epochs=3, optimizer="sgd")]
    with Prepared() as prepared:
        found = [
            fit(one, pictures, MACHINE, quietly(), folder=tmp_path / str(i), prepared=prepared)
            for i, one in enumerate(recipes)
        ]
    assert len(decoded) == len(pictures.items)
    assert sum(extracted) == len(pictures.items)
    assert [outcome.recipe for outcome in found] == recipes
    alone = fit(recipes[1], pictures, MACHINE, quietly())
    assert alone.probabilities == pytest.approx(found[1].probabilities, abs=1e-5)
    assert not (tmp_path / "0" / "pictures.npy").exists()


@pytest.mark.usefixtures("with_weights")
def test_a_network_begins_with_the_features_that_a_head_was_fitted_to(pictures, decoded, extracted) -> None:
    with Prepared() as prepared:
        fit(picture_recipe(), pictures, MACHINE, quietly(), prepared=prepared)
        values = {"preset": "balanced", "epochs": 1, "batch_size": 8, "frozen_share": 0.0}
        fit(picture_recipe(**values), pictures, MACHINE, quietly(), prepared=prepared)
    assert len(decoded) == sum(extracted) == len(pictures.items)


@pytest.mark.usefixtures("with_weights")
def test_folds_are_parts_of_the_same_pictures(pictures, decoded, extracted) -> None:
    (Path(pictures.items[0])).write_bytes(b"no picture")
    order = np.random.default_rng(1).permutation(len(pictures.items))
    measured: list[str] = []
    with Prepared() as prepared:
        for fold in range(3):
            parts = np.sort(np.delete(order, np.s_[fold::3])), np.sort(order[fold::3])
            outcome = fit(picture_recipe(), pictures, MACHINE, quietly(), parts=parts, prepared=prepared)
            measured += [outcome.samples.places[i] for i in outcome.parts[1]]
    assert sorted(measured) == sorted(pictures.places[1:])
    assert len(decoded) == len(pictures.items)


def test_recipes_for_sentences_share_the_tokens(texts, tokenised) -> None:
    recipes = [text_recipe(seed=1), text_recipe(seed=2), text_recipe(epochs=3), text_recipe(**LSTM)]
    recipes.append(text_recipe(**LSTM | {"model": "gru"}))
    with Prepared() as prepared:
        found = [fit(one, texts, MACHINE, quietly(), prepared=prepared) for one in recipes]
    assert tokenised == [len(texts.items)]
    assert [outcome.recipe.model for outcome in found] == [one.model for one in recipes]
    alone = fit(recipes[0], texts, MACHINE, quietly())
    assert alone.probabilities == pytest.approx(found[0].probabilities, abs=1e-5)


def test_what_was_returned_is_not_changed_by_what_comes_after(texts) -> None:
    with Prepared() as prepared:
        first = fit(text_recipe(), texts, MACHINE, quietly(), prepared=prepared)
        kept = {name: tensor.clone() for name, tensor in first.state(first.module).items()}
        before = first.probabilities.copy()
        calibrate(first)
        fit(text_recipe(seed=3), texts, MACHINE, quietly(), prepared=prepared)
    assert np.array_equal(first.probabilities, before)
    assert all((kept[name] == tensor).all() for name, tensor in first.state(first.module).items())
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.probabilities = before  # type: ignore[misc]


def test_the_parts_that_are_given_are_those_that_are_used(texts) -> None:
    train, validation = stratified_split(texts.labels, 0.5, 7)
    outcome = fit(text_recipe(), texts, MACHINE, quietly(), parts=(train, validation))
    assert outcome.train_count == len(train)
    assert np.array_equal(outcome.truth, texts.labels[validation])
    assert len(outcome.probabilities) == len(validation)


def test_an_early_model_goes_to_whoever_asks_for_it(texts) -> None:
    early: list[Outcome] = []
    outcome = fit(text_recipe(**LSTM), texts, MACHINE, quietly(), early=early.append)
    assert (early[0].recipe.model, outcome.recipe.model) == ("bag_of_ngrams", "lstm")


def test_what_was_prepared_of_other_samples_is_refused(tmp_path, texts) -> None:
    with Prepared() as prepared:
        fit(text_recipe(), texts, MACHINE, quietly(), prepared=prepared)
        with pytest.raises(ValueError, match="other samples"):
            fit(text_recipe(), read_sentences(tmp_path / "data"), MACHINE, quietly(), prepared=prepared)


def test_a_deadline_of_the_machine_counts_from_the_call(texts) -> None:
    over = dataclasses.replace(MACHINE, deadline_seconds=0.0)
    with pytest.raises(TrainingFailed, match="before the first epoch"):
        fit(text_recipe(**LSTM), texts, over, quietly())
