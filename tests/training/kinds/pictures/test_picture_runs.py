"""Picture trainings from RUN_DIR to bundle."""

import json
import socket
import time

import numpy as np
import pytest
import torch
from PIL import Image

from tests.tasks import Task
from tests.training.datasets import COLOURS, encoded, picture, picture_run_dir, start, told
from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.preprocessing import UnreadableInput
from training.bundle.sessions import open_session
from training.engine import downloads
from training.ground.errors import TrainingFailed
from training.kinds import kind_of
from training.kinds.pictures.catalog import WAVELETS
from training.kinds.pictures.fit import side_for
from training.kinds.pictures.networks import weights
from training.kinds.pictures.networks.graph import backbone_graph, with_head
from training.kinds.pictures.networks.vision import PictureClassifier, torchvision_models
from training.restore import load_classifier
from training.train import train

SMALL = {"model": "mobilenet_v3_small"}
BYTES = [encoded(picture(colour, 100 + n)) for n, colour in enumerate(COLOURS.values())]


def trained(folder, **values):
    run, stream = start(picture_run_dir(folder, **SMALL | values))
    train(run)
    return run.folder / "bundle", stream


@pytest.fixture
def offline(monkeypatch):
    def fail(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(downloads.urllib.request, "urlopen", fail)


@pytest.mark.usefixtures("with_weights")
def test_a_head_on_frozen_features_learns_colours(tmp_path):
    folder, stream = trained(tmp_path)
    assert told(stream, "result")[0]["accuracy"] >= 0.66
    assert told(stream, "epoch")[0]["epochs"] == 10
    verify(folder, Manifest.read(folder))
    classifier = OnnxClassifier(folder)
    from_pt = load_classifier(folder / "model.pt")
    pixels = torch.from_numpy(np.stack([classifier._preprocess.load(data) for data in BYTES]))
    with torch.no_grad():
        assert np.abs(classifier.predict(BYTES) - from_pt(pixels).numpy()).max() < 1e-3


@pytest.mark.usefixtures("with_weights")
def test_the_deployed_head_learned_from_all_pictures_and_says_so(tmp_path):
    folder, stream = trained(tmp_path)
    report = json.loads((folder / "report.json").read_text())
    assert (report["train_count"], report["val_count"], report["deployed_train_count"]) == (18, 6, 24)
    assert any("kept separate" in event["message"] for event in told(stream, "log"))


@pytest.mark.usefixtures("with_weights")
def test_a_head_trained_by_the_users_own_loop_is_deployed_as_measured(tmp_path):
    folder, _ = trained(tmp_path, epochs=3)
    report = json.loads((folder / "report.json").read_text())
    assert report["deployed_train_count"] == report["train_count"] == 18


def test_tiny_pictures_are_enlarged_five_times_at_most(tmp_path):
    def side(pixels, model="mobilenet_v2"):
        folder = tmp_path / f"{pixels}"
        folder.mkdir(exist_ok=True)
        for number, width in enumerate((pixels, pixels + 9, 500)):
            Image.new("RGB", (width, pixels)).save(folder / f"{number}.png")
        (folder / "9.png").write_bytes(b"no picture")
        return side_for(model, sorted(folder.iterdir()))

    assert [side(pixels) for pixels in (8, 25, 28, 32, 33, 48, 300)] == [128, 128, 160, 160, 192, 224, 224]
    assert (side(32, "vit_b_16"), side(56, "efficientnet_b3")) == (224, 288)


def tiny(folder):
    for path in (folder / "data").rglob("*.png"):
        Image.open(path).resize((32, 32)).save(path)
    return folder


@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize(
    ("preset", "model", "epochs", "planned"),
    [
        ("balanced", "mobilenet_v3_small", 8, 12),
        ("balanced", "mobilenet_v3_small", 2, 2),
        ("balanced", WAVELETS, 10, 10),
        ("best", "mobilenet_v3_small", 18, 18),
    ],
)
def test_balanced_trains_longer_on_tiny_pictures_and_a_user_as_told(tmp_path, preset, model, epochs, planned):
    run, _ = start(tiny(picture_run_dir(tmp_path, preset=preset, model=model, epochs=epochs)))
    train(run)
    assert Manifest.read(run.folder / "bundle").config["epochs"] == planned


@pytest.mark.usefixtures("with_weights")
def test_a_model_of_tiny_pictures_says_what_size_it_wants(tmp_path):
    run, _ = start(tiny(picture_run_dir(tmp_path, **SMALL)))
    train(run)
    assert Manifest.read(run.folder / "bundle").preprocess["crop"] == 160
    assert OnnxClassifier(run.folder / "bundle").predict(BYTES).shape == (3, 3)


@pytest.mark.usefixtures("with_weights")
def test_pictures_that_do_not_fit_in_memory_go_through_a_file(tmp_path):
    folder = picture_run_dir(
        tmp_path, preset="balanced", epochs=1, batch_size=8, picture_memory_mb=0, **SMALL
    )
    (folder / "data/red/000.png").write_bytes(b"no picture")
    run, stream = start(folder)
    train(run)
    assert told(stream, "result")
    assert not (folder / "pictures.npy").exists()


@pytest.mark.usefixtures("with_weights")
def test_every_field_of_the_loop_is_honoured_by_the_head(tmp_path):
    plateau = {"factor": 0.5, "patience": 1, "min_lr": 0.001}
    _, stream = trained(tmp_path, optimizer="sgd", learning_rate=0.01, epochs=4, reduce_lr_on_plateau=plateau)
    epochs = told(stream, "epoch")
    assert len(epochs) == 4
    assert epochs[0]["learning_rate"] == 0.01


@pytest.mark.usefixtures("offline")
def test_without_weights_quick_takes_wavelets_and_says_so(tmp_path):
    folder, stream = trained(tmp_path, count=8)
    assert any("wavelets" in event["message"] for event in told(stream, "warning"))
    assert json.loads((folder / "report.json").read_text())["warnings"]
    manifest = Manifest.read(folder)
    assert (manifest.model, manifest.config["model"], manifest.config["pretrained"]) == (
        WAVELETS,
        WAVELETS,
        False,
    )
    load_classifier(folder / "model.pt")


@pytest.mark.usefixtures("offline")
def test_without_weights_the_other_presets_train_from_scratch_and_say_so(tmp_path):
    folder, stream = trained(tmp_path, preset="balanced", epochs=1, count=4)
    assert any("from scratch" in event["message"] for event in told(stream, "warning"))
    manifest = Manifest.read(folder)
    assert (manifest.model, manifest.config["pretrained"]) == (SMALL["model"], False)


def test_a_network_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "_STALLED_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(downloads.DownloadFailed):
            weights._download(f"http://127.0.0.1:{silent.getsockname()[1]}/model-12345678.pth")
        assert time.monotonic() - started < 60
    left = [path.name for path in (tmp_path / "torch/hub/checkpoints").iterdir()]
    assert left == [downloads._REFUSED_FILE]


@pytest.mark.parametrize("damage", ["cut", "other", "shape"])
@pytest.mark.usefixtures("offline")
def test_weights_that_do_not_fit_are_named_in_a_warning(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", str(tmp_path))
    path = tmp_path / "mobilenet_v3_small.pth"
    state = torchvision_models().mobilenet_v3_small().state_dict()
    if damage == "cut":
        path.write_bytes(b"PK")
    elif damage == "other":
        torch.save({"a": torch.zeros(1)}, path)
    else:
        torch.save(state | {"features.0.0.weight": torch.zeros(3, 3)}, path)
    run, stream = start(picture_run_dir(tmp_path / "run", count=2, **SMALL))
    assert not PictureClassifier("mobilenet_v3_small", 2).load_pretrained(run.events, instead="it learns")
    assert any("mobilenet_v3_small.pth" in event["message"] for event in told(stream, "warning"))


@pytest.mark.usefixtures("with_weights")
def test_unreadable_pictures_are_left_out_and_named(tmp_path):
    folder = picture_run_dir(tmp_path, **SMALL)
    (folder / "data/red/000.png").write_bytes(b"no picture")
    run, stream = start(folder)
    train(run)
    report = json.loads((folder / "bundle/report.json").read_text())
    assert [item["source"] for item in report["skipped"]] == ["red/000.png"]
    assert any("red/000.png" in event["message"] for event in told(stream, "warning"))
    assert report["train_count"] + report["val_count"] == 23


@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize(("broken", "code"), [("*/*", "dataset_unreadable"), ("[rg]*/*", "one_class")])
def test_it_refuses_a_set_whose_pictures_cannot_be_read(tmp_path, broken, code):
    folder = picture_run_dir(tmp_path, count=2, **SMALL)
    for path in (folder / "data").glob(broken):
        path.write_bytes(b"no picture")
    with pytest.raises(TrainingFailed) as caught:
        train(start(folder)[0])
    assert caught.value.code == code


@pytest.mark.usefixtures("with_weights")
def test_a_picture_that_cannot_be_read_is_told_by_its_index(tmp_path):
    folder, _ = trained(tmp_path, count=2)
    with pytest.raises(UnreadableInput) as caught:
        OnnxClassifier(folder).predict([BYTES[0], b"nothing"])
    assert caught.value.index == 1


@pytest.mark.usefixtures("with_weights")
def test_a_manifest_names_pictures_and_their_sources(tmp_path):
    folder = picture_run_dir(tmp_path, **SMALL)
    data = folder / "data"
    files = sorted(data.glob("*/*.png"))
    lines = [f"{p.relative_to(data)},class of {p.parent.name},my/{p.name}" for p in files]
    (data / "manifest.csv").write_text("\n".join(["file,label,source", *lines]))
    train(start(folder)[0])
    assert Manifest.read(folder / "bundle").classes == ["class of blue", "class of green", "class of red"]


def test_the_manifest_cannot_name_files_elsewhere(tmp_path):
    folder = picture_run_dir(tmp_path, **SMALL)
    (folder / "data/manifest.csv").write_text("file,label,source\n../../x.png,a,x\n")
    with pytest.raises(TrainingFailed, match="outside"):
        train(start(folder)[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", [spec.name for spec in kind_of(Task.IMAGE).models])
def test_every_model_can_be_exported_and_loaded_by_torchvision(name):
    spec = next(spec for spec in kind_of(Task.IMAGE).models if spec.name == name)
    model = PictureClassifier(name, 3).eval()
    side = spec.input_size
    pixels = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    with torch.no_grad():
        expected = model(torch.from_numpy(pixels)).softmax(1).numpy()
    session = open_session(with_head(backbone_graph(model, side), model.head).SerializeToString())
    assert np.abs(session.run(None, {"pixels": pixels})[0] - expected).max() < 1e-3
    if name != WAVELETS:
        getattr(torchvision_models(), name)(num_classes=3).load_state_dict(model.torchvision_state())
    again = PictureClassifier(name, 3).eval()
    again.load_torchvision_state(model.torchvision_state())
    with torch.no_grad():
        assert np.abs(again(torch.from_numpy(pixels)).softmax(1).numpy() - expected).max() < 1e-5
