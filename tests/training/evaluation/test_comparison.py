"""Continuing from an earlier model: the same validation part, its weights, and who wins."""

import csv
import json
import shutil

import pytest
import torch

from tests.tasks import Task
from tests.training.datasets import (
    COLOURS,
    picture,
    picture_run_dir,
    sentences,
    start,
    text_run_dir,
    told,
    write_table,
)
from training.bundle.previous import FOLDER, Previous
from training.evaluation.gate import GATE_FILE
from training.evaluation.parts import choose_parts
from training.kinds.pictures.reading import read_pictures
from training.kinds.sentences.reading import read_sentences, sentence_sha256
from training.kinds.sentences.recurrent import RecurrentEnsemble
from training.kinds.sentences.recurrent_fit import load_recurrent
from training.train import train

SMALL = {"hidden": 16, "embedding": 12, "batch_size": 8, "epochs": 3, "learning_rate": 0.01}
SPORT = [
    (f"the team won the match in the {place} {n}", "sport") for place in ("north", "south") for n in range(8)
]
MORE = [(f"rain and bread number {n} in the valley", ("weather", "food")[n % 2]) for n in range(12)]


def validation_of(bundle) -> dict[str, str]:
    with (bundle / "validation.csv").open(encoding="utf-8") as file:
        return {row["sha256"]: row["predicted"] for row in csv.DictReader(file)}


def parts_of(job, samples):
    return choose_parts(samples, job.recipe, Previous.of(job.folder), 1)


def previous_report(folder):
    return json.loads((folder / "bundle" / "report.json").read_text())["previous"]


@pytest.fixture(scope="module")
def text_bundle(tmp_path_factory):
    """A trained n-gram model of two classes."""
    run, _ = start(text_run_dir(tmp_path_factory.mktemp("earlier"), data_split=0.8))
    train(run)
    return run.folder / "bundle"


def continued(folder, earlier, rows, **values):
    text_run_dir(folder, **{"data_split": 0.8} | values)
    shutil.rmtree(folder / "data")
    write_table(folder / "data", rows)
    shutil.copytree(earlier, folder / FOLDER)
    return start(folder)


def test_the_validation_part_stays_and_new_samples_are_learned_from(tmp_path, text_bundle):
    run, _ = continued(tmp_path, text_bundle, [*MORE, *sentences(), *SPORT])
    samples = read_sentences(run.data)
    train_part, validation = parts_of(run, samples)
    was = set(validation_of(text_bundle))
    known = {"weather", "food"}
    kept = {samples.items[i] for i in validation if samples.classes[samples.labels[i]] in known}
    assert len(kept) == len(was)
    assert sorted([*train_part, *validation]) == list(range(len(samples.items)))
    more = {sentence for sentence, _ in MORE}
    assert more <= {samples.items[i] for i in train_part}
    # A class that is new is measured, too.
    assert {"sport"} <= {samples.classes[samples.labels[i]] for i in validation}


def test_other_data_is_split_as_always(tmp_path, text_bundle):
    run, _ = continued(tmp_path, text_bundle, [*MORE, *SPORT])
    samples = read_sentences(run.data)
    shutil.rmtree(run.folder / FOLDER)
    usual = parts_of(run, samples)
    shutil.copytree(text_bundle, run.folder / FOLDER)
    for ours, theirs in zip(parts_of(run, samples), usual, strict=True):
        assert ours.tolist() == theirs.tolist()


def test_more_classes_win_over_a_model_that_does_not_know_them(tmp_path, text_bundle):
    run, stream = continued(tmp_path, text_bundle, [*sentences(), *SPORT])
    train(run)
    found = previous_report(tmp_path)
    assert found["wins"]
    assert found["after"] > found["before"]
    assert (found["new_classes"], found["lost_classes"]) == (["sport"], [])
    assert any("earlier model" in event["message"] for event in told(stream, "log"))


def test_the_same_data_again_is_no_worse(tmp_path, text_bundle):
    run, _ = continued(tmp_path, text_bundle, sentences())
    train(run)
    found = previous_report(tmp_path)
    assert found["same_samples"] == found["samples"] > 0
    assert (found["wins"], found["after"]) == (True, found["before"])
    assert found["flips"] == {"count": 0, "lost": 0, "won": 0, "rows": []}
    assert found["chance_of_loss"] == 1


def test_what_must_pass_and_does_not_keeps_the_earlier_model(tmp_path, text_bundle):
    run, _ = continued(tmp_path, text_bundle, sentences())
    right, wrong = ({"label": label, "text": sentences()[0][0]} for label in ("weather", "food"))
    (run.folder / FOLDER / GATE_FILE).write_text(
        json.dumps({"most_class_loss": 0.2, "must_pass": [right, wrong]})
    )
    train(run)
    found = previous_report(tmp_path)
    assert (found["wins"], found["refused"], found["must_pass"]) == (False, "must_pass", 2)
    assert found["must_pass_failed"] == [{"example": sentences()[0][0], "label": "food", "answer": "weather"}]


def test_wrong_labels_do_not_win(tmp_path, text_bundle):
    held = validation_of(text_bundle)
    other = {"weather": "food", "food": "weather"}
    rows = [
        (sentence, label if sentence_sha256(sentence) in held else other[label])
        for sentence, label in sentences()
    ]
    run, _ = continued(tmp_path, text_bundle, rows)
    train(run)
    found = previous_report(tmp_path)
    assert found["after"] < found["before"]
    assert (found["wins"], found["refused"]) == (False, "lower")
    flips = found["flips"]
    assert flips["lost"] == flips["count"] == len(flips["rows"]) > 0
    assert all(row["before"] == row["label"] != row["after"] for row in flips["rows"])
    assert found["chance_of_loss"] < 0.05


def test_a_model_that_forgets_a_class_does_not_win(tmp_path, text_bundle):
    three, _ = continued(tmp_path / "three", text_bundle, [*sentences(), *SPORT])
    train(three)
    run, _ = continued(tmp_path / "two", three.folder / "bundle", [*sentences(), *MORE])
    train(run)
    found = previous_report(run.folder)
    assert (found["lost_classes"], found["wins"]) == (["sport"], False)


def test_unknown_samples_are_answered_by_the_earlier_model_itself(tmp_path, text_bundle):
    rows = [(f"{sentence} again", label) for sentence, label in sentences()]
    run, _ = continued(tmp_path, text_bundle, rows)
    train(run)
    found = previous_report(tmp_path)
    assert found["same_samples"] == 0
    assert found["before"] > 0.7, "it knows these words"


def test_a_network_goes_on_from_its_layers_and_words(tmp_path):
    run, _ = start(text_run_dir(tmp_path / "earlier", model="gru", **SMALL))
    train(run)
    earlier = run.folder / "bundle"
    run, stream = continued(tmp_path / "next", earlier, [*sentences(), *SPORT], model="gru", **SMALL)
    samples = read_sentences(run.data)
    from training.kinds.sentences.tokeniser import learn_vocabulary

    vocabulary = learn_vocabulary(samples.items, 25_000)
    sizes = {"kind": "gru", "classes": 3, "embedding": 12, "hidden": 16}
    module = RecurrentEnsemble(2, vocabulary=vocabulary.size, **sizes)
    load_recurrent(module, Previous.of(run.folder), "gru", vocabulary.tokenizer_json, run.events)
    state = torch.load(earlier / "model.pt", weights_only=True)["state_dict"]
    name = "layers.0.weight_hh_l0"
    for member in module.members:
        assert torch.equal(member.state_dict()[name], state[f"recurrent.members.0.{name}"])
    assert "earlier model's network" in told(stream, "log")[0]["message"]
    train(run)
    assert previous_report(run.folder)["new_classes"] == ["sport"]


def test_pictures_go_on_from_the_earlier_backbone(tmp_path):
    values = {"model": "mobilenet_v3_small", "pretrained": False, "epochs": 1, "batch_size": 8}
    run, _ = start(picture_run_dir(tmp_path / "earlier", 20, **values))
    train(run)
    earlier = run.folder / "bundle"
    values = {"model": "mobilenet_v3_small", "preset": "quick"}
    folder = picture_run_dir(tmp_path / "next", 20, **values)
    (folder / "data" / "white").mkdir()
    for number in range(12):
        picture((250, 250, 250), number).save(folder / "data" / "white" / f"{number:03}.png")
    shutil.copytree(earlier, folder / FOLDER)
    run, stream = start(folder)
    train(run)
    messages = [event["message"] for event in told(stream, "log")]
    assert any("earlier model's network" in message for message in messages)
    assert not told(stream, "warning") or "ImageNet" not in told(stream, "warning")[0]["message"]
    before = torch.load(earlier / "model.pt", weights_only=True)["state_dict"]
    after = torch.load(folder / "bundle" / "model.pt", weights_only=True)["state_dict"]
    assert torch.equal(before["features.0.0.weight"], after["features.0.0.weight"])
    found = previous_report(folder)
    assert found["new_classes"] == ["white"]
    samples = read_pictures(run.data)
    held = {samples.places[i] for i in parts_of(run, samples)[1]}
    with (earlier / "validation.csv").open(encoding="utf-8") as file:
        assert {row["source"] for row in csv.DictReader(file)} <= held
    assert len(COLOURS) == 3


def test_a_damaged_list_or_another_architecture_starts_afresh(tmp_path, text_bundle):
    run, _ = continued(tmp_path, text_bundle, sentences(), model="gru", **SMALL)
    (run.folder / FOLDER / "validation.csv").unlink()
    previous = Previous.of(run.folder)
    assert previous is not None
    assert previous.answers == {}
    module = RecurrentEnsemble(kind="gru", vocabulary=10, classes=2, embedding=12, hidden=16)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    load_recurrent(module, previous, "gru", "{}", run.events)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert run.recipe.task == Task.TEXT
