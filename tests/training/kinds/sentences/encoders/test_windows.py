"""Long texts are read by windows: values, graphs, trainings, and models of before."""

import dataclasses

import numpy as np
import onnx
import pytest
import torch

from tests.training.datasets import sentences, start, text_run_dir, told
from tests.training.kinds.sentences.encoders.conftest import interrupt_after_two_epochs
from tests.training.kinds.sentences.encoders.test_bert import VOCABULARY, loaded
from tests.training.tiny_encoder import WIDTH, tiny_classifier
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.sessions import open_session
from training.bundle.shared_layers import pieces_of
from training.export.in_pieces import serialized
from training.ground.recipe import resolve
from training.kinds.sentences import fit as sentences_fit
from training.kinds.sentences.encoders import fit, windows
from training.kinds.sentences.encoders.bert import pooled
from training.kinds.sentences.encoders.classifier import EncoderClassifier, TopClassifier
from training.kinds.sentences.encoders.graph import encoder_graph
from training.kinds.sentences.encoders.learner import EncoderLearner
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.encoders.states import TokenStates, embed, embeddings
from training.kinds.sentences.encoders.windows import length_read, what_is_read, windows_of
from training.kinds.sentences.preprocess import TextPreprocess, pad
from training.restore import load_classifier
from training.train import train

CPU = torch.device("cpu")
WINDOW, CLASSES = 4, 3
LENGTHS = [1, 2, WINDOW, WINDOW + 1, 3 * WINDOW, 3 * WINDOW + 2, 3, 4 * WINDOW]
SMALL = {"model": "minilm", "preset": "balanced", "epochs": 3, "batch_size": 8}


def rows_of(lengths):
    random = np.random.default_rng(5)
    return [random.integers(1, VOCABULARY, length).tolist() for length in lengths]


def by_a_loop(encoder, rows, window=WINDOW):
    """The mean over the states of each window, read alone."""
    means = []
    for row in rows:
        parts = [torch.tensor([row[at : at + window]]) for at in range(0, len(row), window)]
        means.append(torch.cat([encoder(part)[0] for part in parts]).mean(0))
    return torch.stack(means)


def classifier(length=4 * WINDOW, kept=2):
    return tiny_classifier(vocabulary=VOCABULARY, classes=CLASSES, length=length, window=WINDOW, kept=kept)


def answers(model, ids):
    session = open_session(serialized(encoder_graph(model)))
    return session.run(["probabilities"], {"input_ids": ids})[0]


@torch.no_grad()
def test_the_mean_is_that_over_all_windows_read_alone():
    encoder, rows = loaded(), rows_of(LENGTHS)
    expected = by_a_loop(encoder, rows)
    ids, belongs = windows_of(torch.from_numpy(pad(rows)), WINDOW)
    assert len(ids) == sum(-(-length // WINDOW) for length in LENGTHS)
    assert torch.allclose(pooled(encoder(ids), ids, encoder.shape, belongs), expected, atol=1e-5)
    assert torch.allclose(embed(encoder, rows, CPU, window=WINDOW, half=False), expected, atol=1e-5)


@torch.no_grad()
def test_states_of_windows_are_kept_in_their_order(tmp_path):
    encoder, rows = loaded(), rows_of(LENGTHS * 40)
    states = TokenStates(encoder, rows, WINDOW, 2, CPU, tmp_path, lambda _: None)
    found = embeddings(states, encoder.layers[2:], encoder.shape, CPU)
    expected = by_a_loop(encoder, rows)
    # They are kept in 16 bits.
    assert (found - expected).norm() < 0.02 * expected.norm()
    places = np.array([5, 0, 3])
    given, ids, belongs = states.of(places)
    assert belongs.sum(1).tolist() == [4, 1, 2] and belongs.sum(0).tolist() == [1] * 7
    assert [ids[owned].flatten()[ids[owned].flatten() != 0].tolist() for owned in belongs.bool()] == [
        rows[place] for place in places
    ]
    assert given.shape == (7, WINDOW, WIDTH)


@torch.no_grad()
@pytest.mark.parametrize("kept", [None, 0, 2, 3])
def test_the_graph_answers_as_the_model_does(kept):
    model, rows = classifier(kept=kept), rows_of(LENGTHS)
    mixed = pad(rows)
    expected = model(torch.from_numpy(mixed)).softmax(1).numpy()
    alone = [answers(model, pad([row]))[0] for row in rows]
    assert np.abs(answers(model, mixed) - expected).max() < 1e-5
    assert np.abs(np.array(alone) - expected).max() < 1e-5
    onnx.checker.check_model(encoder_graph(model), full_check=True)


@torch.no_grad()
def test_what_is_beyond_the_limit_is_left_to_the_ngrams():
    model, (row,) = classifier(length=2 * WINDOW), rows_of([3 * WINDOW])
    ids = torch.tensor([row])
    found = (model(ids) - model.ngrams(ids))[0]
    expected = model.head(by_a_loop(model.encoder, [row[: 2 * WINDOW]]))[0]
    assert torch.allclose(found, expected, atol=1e-4)
    assert np.abs(answers(model, ids.numpy()) - model(ids).softmax(1).numpy()).max() < 1e-5


@torch.no_grad()
def test_texts_within_a_window_are_read_as_before_to_the_last_bit():
    short = pad(rows_of([1, 2, 3, WINDOW, WINDOW]))
    by_windows, before = classifier(), classifier(length=WINDOW)
    assert torch.equal(by_windows(torch.from_numpy(short)), before(torch.from_numpy(short)))
    assert np.array_equal(answers(by_windows, short), answers(before, short))
    rows = rows_of([1, 2, 3, WINDOW] * 20)
    assert torch.equal(embed(loaded(), rows, CPU, window=WINDOW), embed(loaded(), rows, CPU))


@torch.no_grad()
def test_a_row_without_a_token_makes_no_other_one_wrong():
    ids = torch.from_numpy(pad([*rows_of([3 * WINDOW]), []]))
    model = classifier()
    found = model(ids)
    assert torch.isfinite(found).all()
    assert torch.allclose(found[0], model(ids[:1])[0], atol=1e-5)


def test_a_model_of_before_reads_one_window():
    model = classifier(length=WINDOW)
    arguments = model.arguments()
    del arguments["window"]
    state = model.state_dict()
    restored = EncoderClassifier.from_arguments(state, arguments)
    restored.load_state_dict(state)
    assert (restored.length, restored.window) == (WINDOW, WINDOW)
    ids = torch.from_numpy(pad(rows_of(LENGTHS)))
    with torch.no_grad():
        assert torch.equal(restored.eval()(ids), model(ids))
        read = ids[:, :WINDOW]
        before = model.head(pooled(model.encoder(read), read, model.encoder.shape)) + model.ngrams(ids)
        assert torch.equal(restored(ids), before)
    later = EncoderClassifier.from_arguments(state, classifier().arguments())
    assert (later.length, later.window) == (4 * WINDOW, WINDOW)


def learner_of(folder, batch_size):
    rows, encoder = rows_of(LENGTHS), loaded()
    config = resolve("textclassification", SMALL | {"batch_size": batch_size, "class_weights": True})
    config = dataclasses.replace(config, dropout=0.0)
    labels, parts = np.arange(len(rows)) % CLASSES, (np.arange(6), np.arange(6, 8))
    states = TokenStates(encoder, rows, WINDOW, 2, CPU, folder, lambda _: None)
    top = TopClassifier(list(encoder.layers)[2:], encoder.shape, CLASSES, 0.0)
    torch.manual_seed(1)
    top.head.reset_parameters()
    return EncoderLearner(top, states, labels, parts, config, CPU, torch.zeros(2, CLASSES))


def test_a_batch_of_long_texts_learns_in_parts_what_it_learns_at_once(tmp_path, monkeypatch):
    batch, found = np.array([4, 0, 5, 3]), []
    for whole in (False, True):
        learner = learner_of(tmp_path, 4)
        if whole:
            monkeypatch.setattr(learner, "_parts", lambda batch: [batch])
        inputs, _ = learner.inputs(batch)
        assert len(inputs) == (4 if whole else 12)
        loss, right = learner.backward(inputs)
        found.append([loss, right, *(p.grad for p in learner.module.parameters())])
    for part, expected in zip(*found, strict=True):
        assert (part - expected).float().norm() <= 0.02 * expected.float().norm()


def test_texts_within_a_window_learn_in_one_part(tmp_path):
    learner = learner_of(tmp_path, 4)
    assert len(learner.inputs(np.array([0, 1, 2, 0]))[0]) == 4


def test_texts_are_read_less_far_where_there_are_many(monkeypatch):
    monkeypatch.setattr(windows, "_MOST_TOKENS", 100)
    assert length_read(np.array([10, 20, 60]), 8, 32) == 32
    assert length_read(np.array([60, 60, 60, 60]), 8, 32) == 24
    assert length_read(np.array([60] * 100), 8, 32) == 8


@pytest.mark.parametrize(
    ("lengths", "length", "words"),
    [
        ([5, 8], 32, ""),
        ([5, 20], 32, "1 of the 2 sentences are longer than the 8 pieces that the encoder reads at a time: it reads "),
        ([5, 20], 32, "part by part, to their end. The n-grams read up to 2,000 pieces."),
        ([33, 20], 32, "part by part, 1 of them up to the first 32 pieces. The"),
        ([33, 20], 8, "it reads where they begin. The"),
    ],
)  # fmt: skip
def test_what_is_read_is_told(lengths, length, words):
    said = what_is_read(rows_of(lengths), 8, length, 2000)
    assert words in said and bool(said) == bool(words)


def test_long_sentences_are_computed_in_smaller_batches(encoder_folder):
    preprocess = TextPreprocess((encoder_folder / "tokenizer.json").read_text(), 2000)
    texts = ["rain " * count for count in [1500] * 20 + [2] * 100]
    batches = list(preprocess.batches(texts, 1))
    assert sorted(place for places, _ in batches for place in places) == list(range(len(texts)))
    assert all(batch.size <= 16_384 and len(batch) <= 64 for _, batch in batches)
    longest = max(batch.shape[1] for _, batch in batches)
    at_once = 16_384 // longest
    assert [len(batch) for _, batch in batches] == [64, 36, at_once, 20 - at_once]


@pytest.fixture
def small_window(monkeypatch, encoder_folder):
    """Most of the sentences are longer than what is read at a time."""
    spec = dataclasses.replace(ENCODERS["minilm"], window=WINDOW, limit=3 * WINDOW)
    monkeypatch.setattr(sentences_fit, "ENCODERS", {"minilm": spec})
    monkeypatch.setattr(fit, "_FEW", 0)


def trained(folder, **values):
    run, stream = start(text_run_dir(folder, **(SMALL | values)))
    train(run)
    return run.folder / "bundle", stream


def weights(folder):
    return torch.load(folder / "model.pt", weights_only=True)["state_dict"]


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("values", [{"freeze": True}, {}], ids=["frozen", "learning"])
def test_a_training_by_windows_is_served_as_it_was_measured(tmp_path, small_window, monkeypatch, values, few):
    monkeypatch.setattr(fit, "_FEW", few)
    folder, stream = trained(tmp_path, **values)
    assert any("part by part" in event["message"] for event in told(stream, "log"))
    served = OnnxClassifier(folder)
    inputs = [text for text, _ in sentences()] + ["", "rain " * 300, "snow"]
    preprocess = TextPreprocess.from_json(served.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    assert np.abs(served.predict(inputs) - expected).max() < 1e-4
    shared = pieces_of(memoryview((folder / "model.onnx").read_bytes()))
    assert (shared is None) == (few > 0 and not values)


def test_the_same_seed_gives_the_same_model(tmp_path, small_window):
    one, other = (weights(trained(tmp_path / name)[0]) for name in ("one", "other"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_an_interrupted_training_goes_on_to_the_same_model(tmp_path, small_window, monkeypatch):
    expected = weights(trained(tmp_path / "whole")[0])
    folder = text_run_dir(tmp_path / "parts", **SMALL)
    interrupt_after_two_epochs(folder, monkeypatch)
    run, stream = start(folder)
    train(run)
    assert any("Continued" in event["message"] for event in told(stream, "log"))
    found = weights(folder / "bundle")
    assert all(torch.equal(found[name], expected[name]) for name in expected)
