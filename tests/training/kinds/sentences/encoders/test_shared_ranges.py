"""Bytes of a bundle's files that are the same in all models with the same layers of an encoder that did not learn."""

import json
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tests.training.datasets import sentences, start, text_run_dir, write_table
from training.bundle.manifest import Manifest, shared_range, verify
from training.export.safetensors_order import header_of, put_first
from training.export.shared_ranges import _of_layers
from training.kinds.sentences.encoders import fit
from training.restore import load_classifier
from training.train import train

FILES = ("measured.onnx", "model.onnx", "model.pt", "model.safetensors", "tokenizer.json")
QUICK = {"preset": "quick"}
BALANCED = {"preset": "balanced", "epochs": 1, "batch_size": 8}


def trained(folder, monkeypatch, rows=None, few=0, previous=None, **values):
    # The sentences of the tests are few, and so are the words.
    monkeypatch.setattr(fit, "_FEW", few)
    monkeypatch.setattr("training.export.shared_ranges._WORTH", 4000)
    run_dir = text_run_dir(folder, **{"model": "minilm", **values})
    if rows:
        shutil.rmtree(folder / "data")
        write_table(folder / "data", rows)
    if previous:
        shutil.copytree(previous, folder / "previous")
    run, _ = start(run_dir)
    train(run)
    return run.folder / "bundle"


def others():
    """Other sentences, of three classes."""
    labels = ("first", "second and long", "third")
    return [
        (f"{text} and number {n} of many", labels[n % 3])
        for n, (text, _) in enumerate(sentences() + sentences())
    ]


def ranges(folder):
    return {
        name: found for name, facts in Manifest.read(folder).files.items() if (found := shared_range(facts))
    }


def content(folder, name):
    shared = ranges(folder)[name]
    return (folder / name).read_bytes()[shared.at : shared.at + shared.bytes]


@pytest.mark.parametrize("values", [QUICK, BALANCED], ids=["frozen", "last layers"])
def test_trainings_on_different_data_have_the_same_bytes(tmp_path, encoder_folder, monkeypatch, values):
    one = trained(tmp_path / "one", monkeypatch, **values)
    other = trained(tmp_path / "other", monkeypatch, others(), seed=5, **values)
    verify(one, Manifest.read(one))
    assert {*FILES} - {"measured.onnx"} <= set(ranges(one)) <= {*FILES}
    assert Manifest.read(one).classes != Manifest.read(other).classes
    for name in ranges(one).keys() & ranges(other).keys():
        assert content(one, name) == content(other, name)
        assert ranges(one)[name].sha256 == ranges(other)[name].sha256
        same = (one / name).read_bytes() == (other / name).read_bytes()
        assert same == (name == "tokenizer.json")
    frozen = sum(tensor.nbytes for name, tensor in kept(one, values == QUICK).items())
    assert all(
        each.bytes >= frozen
        for name, each in ranges(one).items()
        if name in ("model.pt", "model.safetensors")
    )


def kept(folder, is_frozen):
    """The tensors of an encoder of three layers that did not learn; else the last two did."""
    learned = () if is_frozen else ("encoder.layers.1.", "encoder.layers.2.")
    state = load_file(folder / "model.safetensors")
    return {n: t for n, t in state.items() if n.startswith("encoder.") and not n.startswith(learned)}


def test_both_graphs_share_the_same(tmp_path, encoder_folder, monkeypatch):
    found = ranges(trained(tmp_path, monkeypatch, **QUICK))
    assert found["model.onnx"].sha256 == found["measured.onnx"].sha256


def test_what_is_learned_at_another_depth_is_another(tmp_path, encoder_folder, monkeypatch):
    quick, balanced = (
        ranges(trained(tmp_path / str(n), monkeypatch, **values))
        for n, values in enumerate((QUICK, BALANCED))
    )
    both = {each.sha256 for each in quick.values()} & {each.sha256 for each in balanced.values()}
    assert both == {quick["tokenizer.json"].sha256}
    assert quick["model.pt"].bytes > balanced["model.pt"].bytes


def test_where_all_layers_learn_or_there_is_no_encoder_nothing_is_shared(
    tmp_path, encoder_folder, monkeypatch
):
    assert ranges(trained(tmp_path / "few", monkeypatch, few=1000, **BALANCED)) == {}
    assert ranges(trained(tmp_path / "ngrams", monkeypatch, model="bag_of_ngrams")) == {}


def test_a_continued_encoder_is_shared_while_it_is_the_original(tmp_path, encoder_folder, monkeypatch):
    def parts(folder):
        return {each.sha256 for each in ranges(folder).values()}

    first = trained(tmp_path / "first", monkeypatch, **QUICK)
    assert parts(trained(tmp_path / "same", monkeypatch, previous=first, **QUICK)) == parts(first)
    # What others' sentences have taught it is stored with the model alone.
    taught = trained(tmp_path / "taught", monkeypatch, few=1000, **BALANCED)
    assert parts(trained(tmp_path / "goes on", monkeypatch, previous=taught, **QUICK)) == set()


def test_files_hold_the_same_tensors_as_each_other(tmp_path, encoder_folder, monkeypatch):
    folder = trained(tmp_path, monkeypatch, **BALANCED)
    state = torch.load(folder / "model.pt", weights_only=True)["state_dict"]
    for name, tensor in load_file(folder / "model.safetensors").items():
        assert torch.equal(tensor, state[name]), name
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert json.loads(file.metadata()["classes"]) == Manifest.read(folder).classes
    assert load_classifier(folder / "model.pt").model.length


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.safetensors"
    state = {
        "a": torch.arange(6.0),
        "b": torch.arange(8).half(),
        "c": torch.tensor([True, False, True]),
        "d": torch.zeros(0),
        "e": torch.tensor(3),
        "f": torch.arange(4).bfloat16(),
    }
    save_file(state, path, {"told": "ä word"})
    return path, state


@pytest.mark.parametrize(
    "first", [["b"], ["b", "d", "a"], ["f", "b"], ["e", "f", "b", "d", "a", "c"], []], ids=str
)
def test_tensors_are_moved_and_none_is_changed(file, first):
    path, state = file
    put_first(path, first)
    header, start = header_of(path.read_bytes())
    told = {name: facts["data_offsets"] for name, facts in header.items() if name != "__metadata__"}
    if sum(state[name].nbytes for name in first) % 8 == 0:
        at = 0
        for name in first:
            assert told[name] == [at, at + state[name].nbytes]
            at += state[name].nbytes
    assert start % 8 == 0
    found = load_file(path)
    assert found.keys() == state.keys()
    assert all(
        torch.equal(found[name], state[name]) and found[name].dtype == state[name].dtype for name in state
    )
    with safe_open(path, "pt") as opened:
        assert opened.metadata() == {"told": "ä word"}


def test_where_the_others_would_not_be_aligned_the_file_stays(file):
    path, _ = file
    before = path.read_bytes()
    put_first(path, ["c"])
    assert path.read_bytes() == before


def test_a_file_of_another_make_shares_nothing(tmp_path):
    save_file({"b": torch.zeros(8), "a": torch.ones(8)}, tmp_path / "model.safetensors")
    (tmp_path / "model.onnx").write_bytes(b"")
    assert _of_layers(tmp_path, ["b"]) == {}
