"""What fine-tuning is built from: frozen lower blocks, pictures by the batch, bounded memory."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
import torch

from tests.tasks import Task
from tests.training.datasets import picture_run_dir, start
from training.engine.parallel_session import spread_over_cores
from training.ground.prepared import Prepared
from training.ground.recipe import Recipe, resolve
from training.kinds.pictures import learner as picture_learner
from training.kinds.pictures.decoded import Pictures
from training.kinds.pictures.feed import PictureFeed
from training.kinds.pictures.learner import PictureLearner
from training.kinds.pictures.networks.graph import backbone_graph
from training.kinds.pictures.networks.trunk import fixed_function, split_network
from training.kinds.pictures.networks.vision import PictureClassifier
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.pictures.reading import read_pictures

CPU = torch.device("cpu")
CONFIG = resolve(Task.IMAGE, {"model": "mobilenet_v3_small", "preset": "balanced", "batch_size": 8})


def pixels(count: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def learner(**changes) -> PictureLearner:
    labels = np.arange(24) % 3
    parts = np.arange(16), np.arange(16, 24)
    config = dataclasses.replace(CONFIG, **changes)
    return PictureLearner(PictureClassifier(config.model, 3), pixels(24), labels, parts, config, CPU)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "resnet18"])
def test_the_two_parts_of_a_network_give_what_the_whole_gives(name):
    model = PictureClassifier(name, 3).eval()
    pictures = model.normalise(torch.from_numpy(pixels(3)))
    lower, upper = split_network(model.network, 0.4)
    assert len(lower) > 1
    with torch.no_grad():
        expected = model.network(pictures)
        assert torch.equal(upper(lower(pictures)), expected)
        by_onnx = upper(fixed_function(lower, CPU, 1)(pictures))
    assert (by_onnx - expected).abs().max() < 1e-4


def test_a_network_without_blocks_in_a_row_is_trained_whole():
    lower, upper = split_network(network := torch.nn.Linear(2, 2), 0.4)
    assert len(lower) == 0
    assert upper is network


def sides_seen(monkeypatch, model: str, config: Recipe, epochs: int) -> list[int]:
    seen = []
    real = picture_learner.augment

    def noted(*arguments):
        seen.append((pictures := real(*arguments)).shape[3])
        return pictures

    monkeypatch.setattr(picture_learner, "augment", noted)
    monkeypatch.setattr(PictureLearner, "_features", lambda self, pictures: torch.zeros(len(pictures), 8))
    module = PictureClassifier("mobilenet_v3_small", 3)
    module.head, module.name = torch.nn.Linear(8, 3), model
    labels, parts = np.arange(24) % 3, (np.arange(16), np.arange(16, 24))
    some = PictureLearner(module, pixels(24, 224), labels, parts, config, CPU)
    for epoch in range(1, epochs + 1):
        some.backward(some.inputs(some.batches(epoch)[0])[0])
    return seen


@pytest.mark.parametrize("augmentation", ["none", "standard"])
def test_the_first_epochs_see_smaller_pictures(monkeypatch, augmentation):
    config = dataclasses.replace(CONFIG, epochs=5, small_share=0.6, augmentation=augmentation)
    assert sides_seen(monkeypatch, "mobilenet_v3_small", config, 5) == [160, 160, 160, 224, 224]
    monkeypatch.undo()
    assert sides_seen(monkeypatch, "vit_b_16", config, 2) == [224, 224], "its positions are made for one size"


def test_a_training_step_leaves_the_lower_blocks_as_they_were():
    some = learner(frozen_share=0.4)
    before = {name: tensor.clone() for name, tensor in some._lower.state_dict().items()}
    some.module.train()
    batch = some.batches(1)[0]
    some.backward(some.inputs(batch)[0])
    assert len(batch) == 8
    assert all(torch.equal(before[name], tensor) for name, tensor in some._lower.state_dict().items())
    learning = [parameter for group in some.groups() for parameter in group.parameters]
    assert all(parameter.grad is not None for parameter in learning)
    frozen = set(some._lower.parameters())
    assert not frozen & set(learning)
    assert len(learning) + len(frozen) == len(list(some.module.parameters()))


@pytest.mark.parametrize("flip", [False, True])
def test_validation_gives_what_the_model_gives(flip):
    some = learner(frozen_share=0.4)
    some.module.flip = flip
    with torch.no_grad():
        expected = some.module.eval()(torch.from_numpy(pixels(24)[16:])).softmax(1).numpy()
    assert np.abs(some.probabilities() - expected).max() < 1e-4


def test_all_cores_together_give_what_one_gives():
    model = PictureClassifier("mobilenet_v3_small", 3).eval()
    run = spread_over_cores(backbone_graph(model, 32).SerializeToString(), 2)
    with torch.no_grad():
        expected = model.features(torch.from_numpy(pixels(5))).numpy()
    assert np.abs(run(pixels(5)) - expected).max() < 1e-4


def test_batches_read_ahead_are_those_asked_for(tmp_path):
    stored = np.lib.format.open_memmap(tmp_path / "p.npy", "w+", np.dtype(np.uint8), (20, 4, 4, 3))
    stored[:] = pixels(20, 4)
    feed = PictureFeed(stored, CPU)
    batches = list(torch.randperm(20).split(6))
    feed.plan(batches)
    for batch in batches[1:]:
        assert torch.equal(feed.next(batch), torch.from_numpy(stored[batch.numpy()]))
        assert torch.equal(feed.take(batches[0]), torch.from_numpy(stored[batches[0].numpy()]))


@pytest.mark.usefixtures("with_weights")
def test_a_set_four_times_larger_than_the_limit_is_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("training.kinds.pictures.decode.CHUNK", 4)
    run, _ = start(
        picture_run_dir(tmp_path, count=40, picture_memory_mb=4, **{"model": "mobilenet_v3_small"})
    )
    samples, preprocess = read_pictures(run.data), PicturePreprocess(224, 224)
    with Prepared() as before:
        # What is imported for it counts with nobody's pictures.
        Pictures(samples, preprocess, before).pixels(run)
    prepared = Prepared()
    pictures = Pictures(samples, preprocess, prepared)
    tracemalloc.start()
    try:
        stored = pictures.pixels(run)
        feed = PictureFeed(stored, CPU)
        batches = list(torch.randperm(120).split(2))
        feed.plan(batches)
        for batch in batches:
            feed.next(batch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.nbytes > 16 * 1024**2
    assert isinstance(stored, np.memmap)
    assert peak < 0.5 * stored.nbytes
    prepared.close()
    assert not (tmp_path / "pictures.npy").exists()
