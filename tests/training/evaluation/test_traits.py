"""What samples are like, and in which groups of them a model fails."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.datasets import start, text_run_dir
from training.evaluation.traits import Trait, trait_figures
from training.ground.control import Control
from training.ground.events import Events
from training.ground.phases import Phases
from training.kinds.pictures.traits import traits as picture_traits
from training.kinds.sentences.reports.traits import traits as sentence_traits
from training.targets.one_label import ONE_LABEL
from training.train import train


def figures(monkeypatch: pytest.MonkeyPatch, traits: Any, right: np.ndarray) -> dict[str, Any]:
    """Of a model whose answers are right or not, as many samples to learn from as to be measured on."""
    count = len(right)
    labels = np.zeros(2 * count, np.int64)
    decided = np.where(right, 0, 1)
    outcome = SimpleNamespace(
        recipe=SimpleNamespace(task="textclassification", seed=1),
        target=ONE_LABEL,
        samples=SimpleNamespace(labels=labels, items=list(range(2 * count)), shown=lambda i: f"row {i}"),
        parts=(np.arange(count), np.arange(count, 2 * count)),
        classes=["a", "b"],
        measured_on=np.arange(count, 2 * count),
        truth=labels[count:],
        decisions=decided,
        probabilities=np.eye(2, dtype=np.float32)[decided],
    )
    monkeypatch.setattr("training.evaluation.traits.load", lambda name: lambda items, threads: traits)
    run = SimpleNamespace(
        phases=Phases(),
        control=Control(),
        events=Events(io.StringIO()),
        machine=SimpleNamespace(cores=1),
    )
    return trait_figures(outcome, run)


def test_a_group_that_is_worse_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = np.tile(np.arange(100.0), 2)
    right = lengths[100:] >= 25
    found = figures(monkeypatch, [Trait(name="length", unit="words", numbers=lengths)], right)
    assert found["slices"][0]["words"] == "up to 25 words"
    assert [row["is_worse"] for row in found["slices"]] == [True, False, False, False]
    assert [row["accuracy"] for row in found["slices"]] == [0.0, 1.0, 1.0, 1.0]
    assert sum(row["count"] for row in found["slices"]) == 100
    assert found["counts"] == [
        {"label": "a", "train": 100, "validation": 100},
        {"label": "b", "train": 0, "validation": 0},
    ]


def test_mistakes_everywhere_mark_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["Latin", "Greek"] * 100
    right = np.random.default_rng(0).random(100) < 0.7
    found = figures(monkeypatch, [Trait(name="script", words=words)], right)
    assert not any(row["is_worse"] for row in found["slices"])
    assert {row["words"] for row in found["slices"]} == {"Latin", "Greek"}
    assert found["traits"] == [
        {"name": "script", "shares": [{"words": "Latin", "count": 100}, {"words": "Greek", "count": 100}]}
    ]


def test_what_is_far_from_all_others_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.full(100, 20.0) + np.arange(100) % 5
    numbers[3] = 5_000.0
    found = figures(
        monkeypatch, [Trait(name="length", unit="words", numbers=numbers, in_ratios=True)], np.ones(50, bool)
    )
    assert found["outliers"] == [{"source": "row 3", "label": "a", "words": "length 5,000 words"}]
    assert not figures(monkeypatch, [Trait(name="n", numbers=numbers % 7)], np.ones(50, bool))["outliers"]


def test_what_cannot_be_looked_at_costs_the_training_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures(monkeypatch, [None], np.ones(20, bool)) == {}
    assert "AttributeError" in capsys.readouterr().err


def test_pictures_have_size_light_and_shape(tmp_path: Path) -> None:
    Image.new("RGB", (300, 100), "white").save(tmp_path / "1.jpg")
    Image.new("L", (50, 50), 0).save(tmp_path / "2.png")
    (tmp_path / "3.png").write_bytes(b"no picture")
    side, light, contrast, shape = picture_traits([tmp_path / f"{n}" for n in ("1.jpg", "2.png", "3.png")], 2)
    assert side.numbers is not None and light.numbers is not None and contrast.numbers is not None
    assert side.numbers[:2].tolist() == [100, 50] and np.isnan(side.numbers[2])
    assert light.numbers[:2].round().tolist() == [100, 0]
    assert contrast.numbers[:2].round().tolist() == [0, 0]
    assert list(shape.words) == ["wide", "about square", "unknown"]


def test_sentences_have_a_length_and_a_script() -> None:
    length, words, script = sentence_traits(["one two", "今天 天气", "Привет", "123", "ひらがな"], 1)
    assert length.numbers is not None and words.numbers is not None
    assert length.numbers.tolist() == [7, 5, 6, 3, 4]
    assert words.numbers.tolist() == [2, 2, 1, 1, 1]
    assert list(script.words) == ["Latin", "Chinese characters", "Cyrillic", "no letters", "Hiragana"]


@pytest.mark.slow
def test_a_training_tells_of_its_samples(tmp_path: Path) -> None:
    job, _ = start(text_run_dir(tmp_path, data_split=0.5))
    train(job)
    report = json.loads((job.folder / "bundle" / "report.json").read_text())
    assert report["looked_at"] == 48
    assert [row["name"] for row in report["traits"]] == ["length", "length in words", "script"]
    assert sum(row["train"] + row["validation"] for row in report["counts"]) == 48
