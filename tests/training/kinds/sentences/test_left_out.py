"""Models of sentences that know some of the classes, and trainings that tell what belongs to none."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from tests.training.datasets import start, text_run_dir
from training.bundle.manifest import Manifest
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.outside import spread
from training.ground.samples import ContentIds, Samples
from training.kinds.sentences import left_out
from training.kinds.sentences.left_out import SentencesLeftOut, looked_at
from training.kinds.sentences.rows import Rows
from training.kinds.sentences.tokens import tokenise
from training.targets.one_label import ONE_LABEL
from training.train import train

# Words that the tiny encoder of the tests knows.
TOPICS = {
    "weather": ["rain", "snow", "wind", "sun"],
    "food": ["soup", "bread", "cheese", "cake"],
    "outside": ["hill", "harbour", "garden", "bridge"],
    "people": ["town", "school", "village", "market"],
    "doing": ["falling", "shines", "cooked", "sweet"],
}
FORMS = ["the {} and the {}", "a {} on the {}", "{} is in the {}", "we {} for the {}", "{} from the {}"]


def sentences():
    return [
        (form.format(one, other), topic)
        for topic, words in TOPICS.items()
        for form in FORMS
        for one in words
        for other in words
        if one != other
    ]


def samples():
    rows = sentences()
    classes = sorted(TOPICS)
    labels = np.array([classes.index(topic) for _, topic in rows])
    texts = [text for text, _ in rows]
    return Samples(texts, [str(i) for i in range(len(rows))], labels, classes, ContentIds(str))


def parts(count):
    order = np.random.default_rng(1).permutation(count)
    return np.sort(order[60:]), np.sort(order[:60])


def test_a_model_knows_only_the_classes_that_are_kept():
    found = samples()
    given = parts(len(found.items))
    ask = SentencesLeftOut.of(tokenise(found, 500, 50), found.labels, given, ONE_LABEL)
    kept = np.array([True, False, True, True, True])
    truth, probabilities = ask(kept)
    assert np.array_equal(truth, found.labels[given[1]])
    assert probabilities.shape == (60, 4) and probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    known = kept[truth]
    assert (probabilities[known].argmax(1) == (np.cumsum(kept) - 1)[truth[known]]).mean() > 0.95
    spreads = spread(probabilities)
    assert np.median(spreads[~known]) > 3 * np.median(spreads[known])


def test_embeddings_have_a_say():
    found = samples()
    given = parts(len(found.items))
    tokens = tokenise(found, 500, 50)
    # Of no class the words say anything; only these vectors do.
    tokens = dataclasses.replace(tokens, rows=Rows.of([[1]] * len(tokens.rows)))
    vectors = torch.eye(5)[torch.from_numpy(found.labels)] + 0.1 * torch.randn(len(found.labels), 5)
    kept = np.array([True, True, True, False, True])
    embeddings = (vectors[given[0]], vectors[given[1]])
    truth, probabilities = SentencesLeftOut.of(tokens, found.labels, given, ONE_LABEL, embeddings)(kept)
    known = kept[truth]
    assert (probabilities[known].argmax(1) == (np.cumsum(kept) - 1)[truth[known]]).all()


def test_of_many_sentences_the_same_few_are_looked_at(monkeypatch):
    monkeypatch.setattr(left_out, "_MOST_LEARNED", 30)
    monkeypatch.setattr(left_out, "_MOST_ASKED", 20)
    given = parts(500)
    one, other = looked_at(given, 7), looked_at(given, 7)
    assert [len(part) for part in one] == [30, 20]
    for some, same, all_ in zip(one, other, given, strict=True):
        assert np.array_equal(some, same) and np.isin(some, all_).all() and (np.diff(some) > 0).all()


def write_rows(run_dir, rows):
    lines = (f'"{text}",{topic}\n' for text, topic in rows)
    (run_dir / "data" / "data.csv").write_text("input,label\n" + "".join(lines))


def trained(folder, rows, **values):
    run_dir = text_run_dir(folder, **values)
    write_rows(run_dir, rows)
    run, _ = start(run_dir)
    train(run)
    return run.folder / "bundle", json.loads((run.folder / "bundle" / "report.json").read_text())


def check_that_it_tells(folder, report):
    outside = Manifest.read(folder).outside
    assert outside == report["outside"]
    assert outside["false_alarms"] <= 0.05 and outside["asked"] == report["val_count"]
    assert 0.5 < outside["caught"] <= 1
    classifier = OnnxClassifier(folder)
    assert spread(classifier.predict(["on the"]))[0] > classifier.manifest.most_spread()


def test_a_training_finds_the_threshold_and_what_it_catches(tmp_path):
    check_that_it_tells(*trained(tmp_path, sentences(), data_split=0.8))


def test_a_training_with_few_classes_says_why_it_does_not_tell(tmp_path):
    few = [(text, topic) for text, topic in sentences() if topic in ("food", "people")]
    folder, report = trained(tmp_path, few, data_split=0.8)
    assert "classes" in report["outside"]["missing"]
    assert Manifest.read(folder).outside is None
    assert "outside" not in json.loads((folder / "model.json").read_text())
