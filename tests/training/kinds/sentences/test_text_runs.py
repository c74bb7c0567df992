"""Text trainings from RUN_DIR to bundle."""

import dataclasses
import json

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from tests.tasks import Task
from tests.training.datasets import sentences, start, text_run_dir, told, write_table
from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.sessions import open_session
from training.ground.errors import TrainingFailed
from training.ground.machine import Machine
from training.ground.recipe import resolve
from training.kinds.sentences.blended import BlendedClassifier, blend
from training.kinds.sentences.graphs import blended_graph, ngram_graph, recurrent_graph
from training.kinds.sentences.learner import SentenceLearner
from training.kinds.sentences.ngrams import NGramClassifier, NGramTable, SparseFeatures
from training.kinds.sentences.preprocess import TextPreprocess, pad
from training.kinds.sentences.recurrent import RecurrentClassifier, RecurrentEnsemble
from training.kinds.sentences.tokeniser import learn_vocabulary
from training.restore import load_classifier
from training.targets.one_label import ONE_LABEL
from training.train import train

SMALL = {"hidden": 16, "embedding": 12, "batch_size": 8, "epochs": 6, "learning_rate": 0.01}
RANDOM = np.random.default_rng(0)
CPU = torch.device("cpu")
ROWS = [RANDOM.integers(1, 50, n).tolist() for n in RANDOM.integers(1, 30, 40)]


def trained(folder, language="en", **values):
    run, stream = start(text_run_dir(folder, language, **values))
    train(run)
    return run.folder / "bundle", stream


@pytest.mark.parametrize("language", ["en", "zh", "th"])
def test_ngrams_learn_sentences_of_any_script(tmp_path, language):
    folder, stream = trained(tmp_path, language)
    (result,) = told(stream, "result")
    assert result["accuracy"] >= 0.75
    verify(folder, Manifest.read(folder))


@pytest.mark.parametrize("model", ["lstm", "gru"])
def test_recurrent_networks_learn_sentences(tmp_path, model):
    _, stream = trained(tmp_path, model=model, **SMALL)
    assert told(stream, "result")[0]["accuracy"] >= 0.75
    assert [event["epoch"] for event in told(stream, "epoch")] == [1, 2, 3, 4, 5, 6][
        : len(told(stream, "epoch"))
    ]


@pytest.mark.parametrize(
    "values", [{}, {"model": "lstm", **SMALL}, {"model": "gru", **SMALL, "networks": 3}], ids=str
)
def test_trainer_onnx_and_pt_agree(tmp_path, values):
    folder, _ = trained(tmp_path, **values)
    classifier = OnnxClassifier(folder)
    inputs = [s for s, _ in sentences()] + ["", "something never seen", "rain " * 300, "今天 ฝนตก [PAD]"]
    preprocess = TextPreprocess.from_json(classifier.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    found = classifier.predict(inputs)
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert np.abs(found - expected).max() < 1e-3


def test_the_same_seed_gives_the_same_model(tmp_path):
    states = []
    for name in ("a", "b"):
        folder, _ = trained(tmp_path / name, model="lstm", **SMALL | {"epochs": 2})
        states.append(torch.load(folder / "model.pt", weights_only=True)["state_dict"])
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


def test_every_field_of_the_loop_is_honoured_by_ngrams(tmp_path):
    folder, stream = trained(
        tmp_path,
        optimizer="sgd",
        learning_rate="0.5",
        batch_size=4,
        epochs=3,
        data_split="70:30",
        step_lr={"step_size": 1, "gamma": 0.5},
    )
    assert [event["learning_rate"] for event in told(stream, "epoch")] == pytest.approx([0.5, 0.25, 0.125])
    report = json.loads((folder / "report.json").read_text())
    assert report["train_count"] / (report["train_count"] + report["val_count"]) == pytest.approx(
        0.7, abs=0.02
    )


def test_the_report_holds_what_the_pages_show(tmp_path):
    folder, _ = trained(tmp_path)
    report = json.loads((folder / "report.json").read_text())
    promised = (
        "accuracy accuracy_interval majority_accuracy train_count val_count best_epoch epochs confusion"
    )
    assert set(promised.split()) <= set(report)
    assert {"per_class", "warnings", "skipped", "seconds", "device", "hardest"} <= set(report)
    assert sum(map(sum, report["confusion"])) == report["val_count"]
    assert report["best_epoch"] in [epoch["epoch"] for epoch in report["epochs"]]
    names = {path.name for path in folder.iterdir()}
    assert {"accuracy.svg", "accuracy.png", "tokenizer.json", "tokenizer_config.json"} <= names


def test_the_graph_alone_says_what_it_answers_and_how_sentences_are_made_ready(tmp_path):
    folder, _ = trained(tmp_path)
    told = onnxruntime.InferenceSession(folder / "model.onnx").get_modelmeta().custom_metadata_map
    manifest = json.loads((folder / "model.json").read_text())
    assert json.loads(told["classes"]) == manifest["classes"]
    assert json.loads(told["preprocess"]) == manifest["preprocess"]
    assert told["task"] == manifest["task"]


def refusal(tmp_path, rows):
    run, _ = start(text_run_dir(tmp_path / "other"))
    (run.data / "data.csv").unlink()
    run.data.rmdir()
    write_table(run.data, rows)
    with pytest.raises(TrainingFailed) as caught:
        train(run)
    return caught.value.code


def test_it_refuses_data_that_no_classifier_can_be_made_of(tmp_path):
    assert refusal(tmp_path / "1", []) == "dataset_empty"
    assert refusal(tmp_path / "2", [("a", "x"), ("b", "x")]) == "one_class"
    assert refusal(tmp_path / "3", [("a", "x"), ("b", "y")]) == "too_few_samples"


def test_it_warns_of_tiny_and_uneven_classes(tmp_path):
    run, stream = start(text_run_dir(tmp_path))
    (run.data / "data.csv").unlink()
    run.data.rmdir()
    write_table(
        run.data,
        [(f"word {n}", "big") for n in range(60)] + [("x y", "small"), ("x z", "small"), ("q", "one")],
    )
    train(run)
    messages = " ".join(event["message"] for event in told(stream, "warning"))
    assert "small (2)" in messages
    assert "one: only one sample" in messages
    assert "uneven" in messages


@pytest.mark.parametrize("language", ["zh", "th"])
def test_scripts_without_spaces_are_not_one_long_word(language):
    texts = [s for s, _ in sentences(language)]
    vocabulary = learn_vocabulary(texts, 1000)
    rows = TextPreprocess(vocabulary.tokenizer_json, 100).ragged(texts)
    assert min(map(len, rows)) > 3
    assert max(map(len, rows)) > 5
    assert not any(1 in row for row in rows)


@pytest.mark.parametrize(("kind", "networks"), [("lstm", 1), ("gru", 1), ("lstm", 2)])
def test_padding_changes_nothing(kind, networks):
    model = RecurrentEnsemble(networks, kind=kind, vocabulary=50, classes=5, hidden=16, embedding=8).eval()
    batch = pad(ROWS)
    with torch.no_grad():
        together = model(torch.from_numpy(batch)).softmax(1).numpy()
        alone = np.concatenate([model(torch.tensor([row])).softmax(1).numpy() for row in ROWS])
    (exported,) = open_session(recurrent_graph(model).SerializeToString()).run(None, {"input_ids": batch})
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - exported).max() < 1e-5


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_sparse_matrix_the_module_and_the_graph_count_alike(order):
    table = NGramTable(ROWS[:30], 51, order)
    keys, idf = torch.from_numpy(table.keys), torch.from_numpy(table.idf)
    model = NGramClassifier(keys, idf, 5, 51, order)
    torch.nn.init.normal_(model.weight)
    features = SparseFeatures(ROWS, table)
    session = open_session(ngram_graph(model).SerializeToString())
    with torch.no_grad():
        expected = (features.scores(model.weight) + model.bias).softmax(1).numpy()
        batches = (features.batch_scores(torch.arange(40), model.weight) + model.bias).softmax(1).numpy()
        module = model(torch.from_numpy(pad(ROWS))).softmax(1).numpy()
    exported = np.concatenate([session.run(None, {"input_ids": np.array([row])})[0] for row in ROWS])
    for found in (batches, module, exported):
        assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("class_weights", [False, True])
@pytest.mark.parametrize("networks", [1, 2])
def test_the_parts_of_a_batch_teach_what_the_whole_teaches(monkeypatch, networks, class_weights):
    sizes = {"kind": "lstm", "vocabulary": 50, "classes": 2, "hidden": 16, "embedding": 8}
    mask = functional.dropout(torch.ones(1, 96), 0.3)
    # The same for every sentence, so that it does not matter which of them are drawn together.
    monkeypatch.setattr(RecurrentClassifier, "masks", lambda self, count: mask.expand(count, -1))
    module = RecurrentEnsemble(networks, **sizes)
    # A few batches of 80: the last holds one sentence.
    rows, labels = (ROWS * 3)[:81], (np.arange(81) % 3 == 0).astype(np.int64)

    def taught(threads, batch):
        config = resolve(Task.TEXT, {"model": "lstm", "batch_size": 80, "class_weights": class_weights})
        config = dataclasses.replace(config, label_smoothing=0.1)
        machine, partner = Machine(threads=threads), torch.zeros(81, 2)
        learner = SentenceLearner(module, [rows] * 2, [labels] * 2, config, CPU, partner, machine=machine)
        loss, correct = learner.backward(learner.inputs(batch)[0])
        gradients = [parameter.grad for parameter in module.parameters()]
        module.zero_grad()
        return (float(loss), int(correct)), gradients, learner.logits()

    for batch in (np.arange(80), np.array([80])):
        figures, gradients, logits = taught(2 * networks, batch)
        expected, references, alone = taught(1, batch)
        assert figures == (pytest.approx(expected[0], rel=1e-2), *expected[1:])
        assert torch.equal(logits, alone)
        for gradient, reference in zip(gradients, references, strict=True):
            norm = torch.linalg.vector_norm
            assert norm(gradient - reference) <= 0.03 * norm(reference)


def test_a_blend_and_its_graph_add_the_logits_of_both():
    table = NGramTable(ROWS, 51, 2)
    ngrams = NGramClassifier(torch.from_numpy(table.keys), torch.from_numpy(table.idf), 5, 51, 2)
    torch.nn.init.normal_(ngrams.weight)
    recurrent = RecurrentEnsemble(2, kind="lstm", vocabulary=50, classes=5, hidden=16, embedding=8)
    model = BlendedClassifier(recurrent, ngrams, 10).eval()
    model.scale(0.5, 2.0)
    ids = torch.from_numpy(pad(ROWS))
    session = open_session(blended_graph(model).SerializeToString())
    with torch.no_grad():
        expected = (recurrent(ids[:, :10]) + ngrams(ids)).softmax(1).numpy()
        assert np.abs(model(ids).softmax(1).numpy() - expected).max() < 1e-6
    assert np.abs(session.run(None, {"input_ids": ids.numpy()})[0] - expected).max() < 1e-5


def test_a_model_that_knows_nothing_gets_no_vote():
    labels = torch.randint(0, 3, (500,))
    good = torch.nn.functional.one_hot(labels, 3) * 2.0 + torch.randn(500, 3)
    noise = torch.randn(500, 3)
    votes = blend(noise, good, labels, ONE_LABEL)
    assert votes[0] < 0.2 < votes[1]
    assert blend(-good, good * 0, labels, ONE_LABEL)[0] == 0


def test_words_that_are_not_learned_say_nothing():
    model = RecurrentClassifier("lstm", vocabulary=50, classes=2, hidden=4, embedding=3)
    model.silence_words_not_in([[1, 5], [7]])
    known = model.embedding.weight.abs().sum(1).nonzero().flatten().tolist()
    assert known == [1, 5, 7]


def test_the_shipped_ngrams_learned_from_all_sentences(tmp_path):
    folder, _ = trained(tmp_path)
    report = json.loads((folder / "report.json").read_text())
    assert report["deployed_train_count"] == report["train_count"] + report["val_count"]


def test_the_network_adds_to_the_ngrams_and_says_by_how_much(tmp_path):
    _, stream = trained(tmp_path, model="lstm", **SMALL)
    assert any("votes" in event["message"] for event in told(stream, "log"))
    best = max(event["val_accuracy"] for event in told(stream, "epoch"))
    assert told(stream, "result")[0]["accuracy"] == pytest.approx(best)
