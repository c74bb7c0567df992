"""Models with the same encoder share its layers that did not learn."""

import gc
import shutil
from contextlib import suppress

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.training.datasets import sentences, start, text_run_dir
from tests.training.tiny_encoder import write_multilingual
from training.bundle import shared_layers
from training.bundle.manifest import MEASURED_ONNX_FILE, ONNX_FILE
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.sessions import open_session
from training.bundle.shared_layers import SHARED_STATES, pieces_of, shared_bytes
from training.export.in_pieces import serialized
from training.kinds.sentences.encoders import fit, pruning
from training.kinds.sentences.encoders.specs import ENCODERS
from training.train import train

TEXTS = [text for text, _ in sentences()]


def trained(folder, monkeypatch, few=0, **values):
    # The sentences of the tests are few.
    monkeypatch.setattr(fit, "_FEW", few)
    common = {"model": "minilm", "preset": "balanced", "epochs": 1, "batch_size": 8}
    run, _ = start(text_run_dir(folder, **{**common, **values}))
    train(run)
    return run.folder / "bundle"


@pytest.fixture
def bundles(tmp_path, encoder_folder, monkeypatch):
    return [trained(tmp_path / str(seed), monkeypatch, seed=seed) for seed in (1, 2)]


def key(path):
    found = pieces_of(memoryview(path.read_bytes()))
    return None if found is None else found.key


def sessions():
    gc.collect()
    return len(shared_bytes())


def test_two_models_share_what_did_not_learn_while_one_of_them_is_needed(bundles):
    one, other = (OnnxClassifier(folder) for folder in bundles)
    assert sessions() == 1
    assert one.shared_bytes == other.shared_bytes == shared_bytes()[0] > 0
    assert (bundles[0] / ONNX_FILE).read_bytes() != (bundles[1] / ONNX_FILE).read_bytes()
    del one
    assert sessions() == 1
    del other
    assert sessions() == 0


def test_in_two_pieces_it_answers_as_in_one(bundles):
    classifier, (folder, _) = OnnxClassifier(bundles[0]), bundles
    ids = classifier._preprocess.encode(TEXTS)
    (whole,) = open_session(folder / ONNX_FILE).run(["probabilities"], {"input_ids": ids})
    assert np.abs(classifier._run(ids) - whole).max() < 1e-6


def test_for_other_programs_it_is_one_graph(bundles):
    model = onnx.load(bundles[0] / ONNX_FILE)
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == [
        "input_ids",
        "probabilities",
    ]
    assert {prop.key for prop in model.metadata_props} >= {"classes", "preprocess"}
    # Written by another program it is of one piece, and works as well.
    assert pieces_of(memoryview(model.SerializeToString())) is None


def test_the_model_that_was_measured_shares_them_too(bundles):
    assert key(bundles[0] / ONNX_FILE) == key(bundles[0] / MEASURED_ONNX_FILE)


def test_a_head_alone_shares_all_layers_and_with_few_examples_nothing_is_shared(
    tmp_path, encoder_folder, monkeypatch, bundles
):
    quick = trained(tmp_path / "quick", monkeypatch, preset="quick")
    assert key(quick / ONNX_FILE) not in (None, key(bundles[0] / ONNX_FILE))
    assert key(trained(tmp_path / "few", monkeypatch, few=1000) / ONNX_FILE) is None


@pytest.fixture
def languages(tmp_path, monkeypatch):
    """Two models on one encoder of many languages, each of which keeps the words that it needs."""
    monkeypatch.setattr(pruning, "_LEAST_PIECES", 0)
    monkeypatch.setattr(fit, "_FEW", 0)
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", str(tmp_path / "weights"))
    every = [text for language in ("en", "th", "zh") for text, _ in sentences(language)]
    write_multilingual(tmp_path / "weights" / ENCODERS["multilingual_e5"].folder, every)
    found = []
    for language in ("th", "zh"):
        values = {"preset": "balanced", "epochs": 1, "batch_size": 8}
        run, _ = start(text_run_dir(tmp_path / language, language, **values))
        train(run)
        found.append(run.folder / "bundle")
    return found


def test_models_with_words_of_their_own_share_the_layers_above(languages):
    paths = [folder / ONNX_FILE for folder in languages]
    one, other = (pieces_of(memoryview(path.read_bytes())) for path in paths)
    assert one.key == other.key and len(one.words) > 0 and bytes(one.words) != bytes(other.words)
    classifiers = [OnnxClassifier(folder) for folder in languages]
    assert sessions() == 1 and classifiers[0].shared_bytes == len(one.shared)
    for classifier, path, language in zip(classifiers, paths, ("th", "zh"), strict=True):
        onnx.checker.check_model(onnx.load(path), full_check=True)
        ids = classifier._preprocess.encode([text for text, _ in sentences(language)])
        (whole,) = open_session(path).run(["probabilities"], {"input_ids": ids})
        assert np.abs(classifier._run(ids) - whole).max() < 1e-6


def test_where_all_words_are_kept_they_are_shared_too(bundles):
    assert len(pieces_of(memoryview((bundles[0] / ONNX_FILE).read_bytes())).words) == 0


def test_other_weights_are_not_taken_for_the_same(bundles, tmp_path):
    shutil.copytree(bundles[0], tmp_path / "changed")
    path = tmp_path / "changed" / ONNX_FILE
    model = onnx.load(path)
    for constant in model.graph.initializer:
        if len(constant.raw_data) > 100:
            constant.raw_data = constant.raw_data[:-2] + b"\x00\x01"
            break
    path.write_bytes(serialized(model))
    assert key(path) not in (None, key(bundles[0] / ONNX_FILE))


@given(st.binary(max_size=200))
def test_any_bytes_are_of_one_piece_or_refused(data):
    with suppress(ValueError):
        assert pieces_of(memoryview(data)) is None


@given(st.integers(min_value=0, max_value=2**40))
def test_numbers_are_written_as_they_are_read(number):
    written = shared_layers.as_varint(number)
    assert shared_layers._varint(memoryview(written), 0) == (number, len(written))


def test_a_file_that_is_cut_off_is_refused():
    node = helper.make_node("Identity", ["x"], [SHARED_STATES])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph(
        [node, helper.make_node("Neg", [SHARED_STATES], ["y"])], "g", *zip(values, strict=True)
    )
    data = serialized(helper.make_model(graph))
    for length in range(1, len(data)):
        with suppress(ValueError):
            assert pieces_of(memoryview(data[:length])) is None
