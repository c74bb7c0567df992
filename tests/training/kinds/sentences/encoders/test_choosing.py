"""An encoder that knows the language is taken where the user left it open; what the user chose stays."""

import dataclasses
import io

import numpy as np
import pytest
import torch

from tests.training.datasets import sentences, start, text_run_dir, told
from tests.training.tiny_encoder import write_encoder, write_multilingual
from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.events import Events
from training.ground.recipe import resolve
from training.kinds.sentences.encoders import choosing, fit
from training.kinds.sentences.encoders.choosing import choose_encoder
from training.kinds.sentences.encoders.files import EncoderMissing
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.preprocess import TextPreprocess
from training.restore import load_classifier
from training.train import train

TEXT = "textclassification"
TEXTS = {language: [text for text, _ in sentences(language)] for language in ("en", "zh", "th")}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The folder for weights of a machine without a network."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", str(folder))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


def put(weights, *names):
    every = [text for texts in TEXTS.values() for text in texts]
    for name in names:
        if ENCODERS[name].is_english:
            write_encoder(weights / ENCODERS[name].folder)
        elif name == "granite_multilingual":
            write_multilingual(
                weights / ENCODERS[name].folder, every, model_type="xlm-roberta", pad_token_id=1
            )
        else:
            write_multilingual(weights / ENCODERS[name].folder, every)


def chosen(language, **values):
    """The model, whether it has an encoder, and what is told."""
    stream = io.StringIO()
    recipe = resolve(TEXT, {"preset": "balanced", **values})
    recipe, found = choose_encoder(recipe, TEXTS[language], Events(stream))
    messages = [event["message"] for kind in ("warning", "log") for event in told(stream, kind)]
    assert (found is None) == (recipe.model not in ENCODERS)
    return recipe.model, messages


@pytest.mark.parametrize(
    ("there", "language", "model"),
    [
        (["minilm", "multilingual_e5"], "en", "minilm"),
        (["multilingual_e5"], "en", "multilingual_e5"),
        (["minilm", "multilingual_e5", "granite_multilingual"], "th", "multilingual_e5"),
        (["minilm", "granite_multilingual"], "zh", "granite_multilingual"),
    ],
)
def test_the_first_that_is_there_and_knows_the_language_is_taken(weights, there, language, model):
    put(weights, *there)
    found, messages = chosen(language)
    assert found == model
    said = [f"{ENCODERS[model].title} reads the sentences: it knows {ENCODERS[model].languages}."]
    assert messages == (said if model != "minilm" else [])


def test_without_weights_it_is_said_which_are_wanted(weights):
    model, (warning,) = chosen("en")
    assert model == "lstm"
    assert warning == (
        "The weights of MiniLM-L6 were neither in FLASH_WEIGHTS_DIR nor could they be downloaded (HF_HUB_OFFLINE "
        "forbids it), so the LSTM was trained instead. Put the folder all-MiniLM-L6-v2 with model.safetensors, "
        "tokenizer.json, config.json into FLASH_WEIGHTS_DIR and train again."
    )


def test_sentences_of_another_language_want_an_encoder_of_many(weights):
    put(weights, "minilm", "granite_multilingual")
    model, (warning,) = chosen("th")
    assert model == "lstm"
    assert warning.startswith(
        "The sentences do not look like a language that MiniLM-L6 knows (English), and the weights of Multilingual E5 "
        "small were neither in FLASH_WEIGHTS_DIR nor could they be downloaded (HF_HUB_OFFLINE forbids it), so the LSTM "
        "was trained instead. Put the folder multilingual-e5-small with"
    )


def test_a_language_that_none_knows_is_learned_from_scratch(weights):
    write_multilingual(weights / ENCODERS["multilingual_e5"].folder, TEXTS["zh"])
    model, (warning,) = chosen("th")
    assert model == "lstm"
    assert warning == (
        "The sentences do not look like a language that MiniLM-L6 knows (English), so the LSTM was trained instead."
    )


def test_after_one_download_that_failed_no_other_is_tried(weights, monkeypatch):
    asked = []

    def missing(spec, sentences, events, *, may_download=True):
        asked.append((spec.name, may_download))
        raise EncoderMissing("the network blocks it")

    monkeypatch.setattr(choosing, "find_encoder", missing)
    assert chosen("en")[0] == "lstm"
    assert asked == [("minilm", True), ("multilingual_e5", False), ("granite_multilingual", False)]


def test_what_the_user_chose_stays_whatever_the_language(weights):
    put(weights, "minilm", "multilingual_e5")
    assert chosen("en", model="minilm") == ("minilm", [])
    model, (warning,) = chosen("th", model="minilm")
    assert model == "minilm"
    assert warning == (
        "The sentences do not look like a language that MiniLM-L6 knows (English). It was trained all the same, "
        "because you chose it; another model may do better."
    )
    model, (warning,) = chosen("th", model="granite_multilingual")
    assert model == "lstm" and "(Flash does not know their checksums" in warning


@pytest.mark.parametrize(
    ("name", "preset", "language"),
    [
        ("multilingual_e5", "balanced", "th"),
        ("granite_multilingual", "best", "zh"),
        ("bge_small", "balanced", "en"),
    ],
)
@pytest.mark.parametrize("few", [0, 24], ids=["many", "few"])
def test_a_training_answers_the_same_as_onnx_and_pt(
    tmp_path, weights, monkeypatch, name, preset, language, few
):
    monkeypatch.setattr(fit, "_FEW", few)
    put(weights, name)
    values = {"preset": preset, "epochs": 2, "batch_size": 8}
    if language == "en":
        values["model"] = name
    run, stream = start(text_run_dir(tmp_path / "run", language, **values))
    train(run)
    folder = run.folder / "bundle"
    verify(folder, Manifest.read(folder))
    classifier = OnnxClassifier(folder)
    assert classifier.manifest.model == name
    assert not [event for event in told(stream, "warning") if "encoder" in event["message"].lower()]
    inputs = [*TEXTS[language], "", "something never seen", "rain " * 500, "今天 [PAD] <pad> <s>"]
    preprocess = TextPreprocess.from_json(classifier.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    assert np.abs(classifier.predict(inputs) - expected).max() < 1e-4


def test_a_recipe_says_whether_the_user_named_the_model():
    assert resolve(TEXT, {"preset": "balanced", "model": "minilm"}).model_chosen
    left_open = resolve(TEXT, {"preset": "balanced"})
    assert not left_open.model_chosen
    stored = left_open.to_json()
    del stored["model_chosen"]
    assert type(left_open).from_json(stored) == dataclasses.replace(left_open, model_chosen=False)
