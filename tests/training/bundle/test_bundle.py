"""A damaged bundle is noticed."""

import json

import pytest

from training.bundle.manifest import BundleDamaged, Manifest, describe_files, verify


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"graph" * 1000)
    (tmp_path / "report.json").write_text("{}")
    Manifest(
        task="textclassification",
        model="lstm",
        classes=["a", "b"],
        preprocess={"kind": "text"},
        accuracy=0.9,
        accuracy_interval=[0.8, 0.95],
        config={},
        created="2026-01-01T00:00:00+00:00",
        files=describe_files(tmp_path, ["model.onnx", "report.json"]),
    ).write(tmp_path)
    return tmp_path


def test_a_whole_bundle_passes(folder):
    verify(folder, Manifest.read(folder))


@pytest.mark.parametrize("content", [b"", b"graph" * 999, b"grapH" * 1000], ids=["empty", "cut", "changed"])
def test_a_changed_file_is_noticed(folder, content):
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(BundleDamaged, match=r"model\.onnx"):
        verify(folder, Manifest.read(folder))


def test_a_missing_file_is_noticed(folder):
    (folder / "report.json").unlink()
    with pytest.raises(BundleDamaged, match=r"report\.json"):
        verify(folder, Manifest.read(folder))


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"classes": ["one"]},
        {"classes": [1, 2]},
        {"files": []},
        {"surprise": 1},
        {"preprocess": None},
        {"outside": {}},
        {"outside": {"threshold": -0.5}},
        {"outside": {"threshold": "much"}},
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(folder, change):
    data = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(data | change))
    with pytest.raises(BundleDamaged):
        Manifest.read(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, "\udcff"])
def test_a_manifest_that_is_no_json_object_is_refused(folder, content):
    (folder / "model.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BundleDamaged):
        Manifest.read(folder)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "a/b", "", "..", "a\\b"])
def test_a_file_outside_of_the_bundle_is_refused(folder, name):
    manifest = Manifest.read(folder)
    manifest.files[name] = {"sha256": "0", "bytes": 0}
    with pytest.raises(BundleDamaged):
        verify(folder, manifest)


def test_a_manifest_must_name_the_model(folder):
    manifest = Manifest.read(folder)
    del manifest.files["model.onnx"]
    with pytest.raises(BundleDamaged):
        verify(folder, manifest)


def test_a_model_tells_what_is_outside_only_if_its_manifest_says_how(folder):
    assert Manifest.read(folder).most_spread() is None
    data = json.loads((folder / "model.json").read_text())
    assert "outside" not in data
    (folder / "model.json").write_text(json.dumps(data | {"outside": {"threshold": 0.5, "caught": None}}))
    assert Manifest.read(folder).most_spread() == 0.5
