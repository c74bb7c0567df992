"""The commands for models."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from modelstore.access import get_model
from modelstore.bundles import demo_model
from modelstore.ground.tokens import new_token
from modelstore.lifetime import pruning
from modelstore.models import PruneState, TrainedModel
from modelstore.prediction import predictor
from tests import bundles
from tests.modelstore.conftest import Publish


def run(*arguments: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, **options)
    return out.getvalue()


# --- predict ---


def test_predict_classifies_files(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "sky.png").write_bytes(bundles.picture("blue"))
    told = run("predict", publish().token, tmp_path / "sky.png")
    assert f"{tmp_path / 'sky.png'}: blue 9" in told


def test_predict_classifies_sentences_and_files_of_sentences(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("awful\n\nboring\n")
    told = run("predict", publish("text").token, "great fun", tmp_path / "lines.txt", "--json", "--top-k", 1)
    answers = [json.loads(line) for line in told.splitlines()]
    assert [answer["label"] for answer in answers] == ["good", "bad", "bad"]
    assert [answer["input"] for answer in answers] == ["great fun", "awful", "boring"]
    assert all(len(answer["top"]) == 1 for answer in answers)


def test_predict_says_what_is_probably_none_of_the_classes(publish: Publish) -> None:
    token = publish("text", manifest={"outside": {"threshold": 0.5}}).token
    told = run("predict", token, "great fun", "the weather").splitlines()
    assert [line.endswith("(probably none of its classes)") for line in told] == [False, True]
    answers = [json.loads(line) for line in run("predict", token, "great", "weather", "--json").splitlines()]
    assert [answer["outside"] for answer in answers] == [False, True]


def test_options_may_stand_before_what_is_predicted(publish: Publish) -> None:
    told = run("predict", publish("text").token, "--json", "great fun", "--top-k", 1, "awful")
    assert [json.loads(line)["label"] for line in told.splitlines()] == ["good", "bad"]


def test_predict_refuses_in_one_sentence(publish: Publish, tmp_path: Path) -> None:
    model = publish()
    (tmp_path / "page.png").write_text("<html>")
    for arguments, words in [
        ((new_token(), "x.png"), "There is no model with this token"),
        ((model.token, tmp_path / "missing.png"), "cannot be read"),
        ((model.token, tmp_path / "page.png"), "is not a picture"),
        ((model.token, tmp_path / "page.png", "--top-k", 0), "top-k"),
    ]:
        with pytest.raises(CommandError, match=words):
            run("predict", *arguments)


# --- prune_models ---


def test_prune_models_says_what_it_deleted(publish: Publish) -> None:
    publish(task_name="Old", created=timezone.now() - timedelta(hours=3))
    assert "1 expired models would be deleted" in run("prune_models", "--dry-run")
    assert TrainedModel.objects.count() == 1
    told = run("prune_models")
    assert "Old" in told
    assert "1 expired models deleted" in told
    assert "0 expired models deleted" in run("prune_models")


def test_prune_models_answers_in_json(publish: Publish) -> None:
    publish(created=timezone.now() - timedelta(hours=3))
    told = json.loads(run("prune_models", "--json"))
    assert len(told["pruned"]) == 1
    assert told["refused"] == ""
    assert not told["dry_run"]


def test_prune_models_fails_loudly_when_the_clock_jumped(publish: Publish, monkeypatch) -> None:
    publish(created=timezone.now() - timedelta(hours=3))
    with monkeypatch.context() as patch:
        patch.setattr(pruning.clock, "judge", lambda *_: "the clock was put forward by 10800 s")
        with pytest.raises(CommandError, match="put forward"):
            run("prune_models")
        assert TrainedModel.objects.exists()
        assert "1 expired models deleted" in run("prune_models", "--all")


def test_prune_models_beside_another_run_is_no_failure(publish: Publish) -> None:
    publish(created=timezone.now() - timedelta(hours=3))
    PruneState(pk=1, locked_until=timezone.now() + timedelta(minutes=5)).save()
    assert "Another run is in progress" in run("prune_models")
    assert TrainedModel.objects.exists()


# --- download ---


def test_download_writes_the_file_whole(publish: Publish, tmp_path: Path) -> None:
    token = publish().token
    target = tmp_path / "out.zip"
    assert run("download", token, "--format", "bundle", "-o", target).strip() == str(target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_download_takes_the_models_own_name(publish: Publish, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("download", publish(task_name="Cats").token).strip() == "cats-mobilenet_v2.onnx"
    assert (tmp_path / "cats-mobilenet_v2.onnx").stat().st_size > 0


def test_download_refuses_in_one_sentence(publish: Publish, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not downloadable"):
        run("download", publish(downloadable=False).token)
    with pytest.raises(CommandError, match="cannot be written"):
        run("download", publish().token, "-o", tmp_path / "no" / "folder.onnx")


# --- load_demo ---


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return bundles.text_bundle(tmp_path / "demo", task_name="Moods")


def load(folder: Path, *arguments: str) -> str:
    return run("load_demo", "--folder", folder, *arguments)


def test_without_a_bundle_load_demo_says_so(db: None, tmp_path: Path) -> None:
    assert "There is no demo bundle" in load(tmp_path)
    assert not TrainedModel.objects.exists()


def test_the_demo_is_pinned_under_its_known_token(db: None, demo: Path) -> None:
    assert "token is demo" in load(demo)
    model = get_model("demo")
    assert (model.pinned, model.task_name) == (True, "Moods")
    assert predictor.predict(model=model, inputs=["great"])[0].label == "good"


def test_loading_it_again_changes_nothing(db: None, demo: Path) -> None:
    load(demo)
    before = TrainedModel.objects.values().get()
    assert "there already" in load(demo)
    assert TrainedModel.objects.values().get() == before


def test_a_new_version_takes_the_place_of_the_old(db: None, demo: Path, tmp_path: Path) -> None:
    load(demo)
    old = TrainedModel.objects.get()
    load(bundles.image_bundle(tmp_path / "newer"))
    new = get_model("demo")
    assert (new.pk, new.task_type) == (old.pk, "imageclassification")
    assert default_storage.exists(f"{new.storage_prefix}/model.onnx")
    assert not default_storage.exists(f"{old.storage_prefix}/model.onnx")


def test_a_demo_that_an_operator_expired_comes_back_only_by_force(db: None, demo: Path) -> None:
    load(demo)
    TrainedModel.objects.update(pinned=False, expires_override=timezone.now() - timedelta(seconds=1))
    assert len(pruning.prune().pruned) == 1
    assert "expired by an operator" in load(demo)
    assert "is loaded" in load(demo, "--force")
    assert get_model("demo").pinned
    assert pruning.prune().files_left == 0
    assert predictor.predict(model=get_model("demo"), inputs=["great"])


def test_a_damaged_bundle_is_refused(db: None, demo: Path) -> None:
    (demo / "model.onnx").write_bytes(b"")
    with pytest.raises(CommandError, match="damaged"):
        load(demo)
    assert not TrainedModel.objects.exists()


def test_the_well_known_token_fits_the_table() -> None:
    assert len(demo_model.TOKEN) <= 22
