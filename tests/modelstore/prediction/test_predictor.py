"""Predictions with real graphs; wrong inputs and damaged files never get through."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from modelstore.access import ModelDamaged, ModelExpired
from modelstore.bundles import local_cache, store
from modelstore.models import TrainedModel
from modelstore.prediction import predictor
from modelstore.prediction.predictor import predict
from tests import bundles
from tests.modelstore.conftest import Publish
from training.bundle import onnx_classifier


def content_of(key: str) -> bytes:
    with default_storage.open(key) as file:
        return file.read()


def overwrite(key: str, content: bytes) -> None:
    default_storage.delete(key)
    assert default_storage.save(key, ContentFile(content)) == key


def test_pictures_get_their_label_with_probabilities(any_storage: str, publish: Publish) -> None:
    found = predict(model=publish(), inputs=[bundles.picture("blue"), bundles.picture("red", format="JPEG")])
    assert [prediction.label for prediction in found] == ["blue", "red"]
    assert found[0].top[0] == ("blue", found[0].probability)
    assert sum(share for _, share in found[0].top) == pytest.approx(1, abs=1e-5)
    assert found[0].probability > 0.99


def test_sentences_get_their_label(publish: Publish) -> None:
    found = predict(model=publish("text"), inputs=["great fun", "awful and boring", "neither"])
    assert [prediction.label for prediction in found[:2]] == ["good", "bad"]
    assert found[2].probability == pytest.approx(0.5)


def test_sentences_of_any_length_are_answered_in_their_order(publish: Publish) -> None:
    model = publish("text")
    words = ["a fine day", "terrible"]
    sentences = [" ".join([words[i % 2]] * (1 + i * 7 % 11)) for i in range(150)]
    together = predict(model=model, inputs=sentences)
    alone = [predict(model=model, inputs=[sentence])[0] for sentence in sentences]
    assert [found.label for found in together] == [found.label for found in alone]
    assert [found.probability for found in together] == pytest.approx([found.probability for found in alone])
    assert len({found.probability for found in together}) > 1


def test_top_k_is_in_order_and_at_most_the_number_of_classes(publish: Publish) -> None:
    model = publish()
    for top_k, count in ((1, 1), (2, 2), (5, 3), (1000, 3)):
        (found,) = predict(model=model, inputs=[bundles.picture()], top_k=top_k)
        shares = [share for _, share in found.top]
        assert (len(shares), shares) == (count, sorted(shares, reverse=True))


def test_it_is_loaded_once_for_many_threads(publish: Publish, monkeypatch) -> None:
    model, loads, real = publish("text"), [], onnx_classifier.OnnxClassifier
    monkeypatch.setattr(
        onnx_classifier, "OnnxClassifier", lambda *args, **kwargs: loads.append(1) or real(*args, **kwargs)
    )
    together = threading.Barrier(8, timeout=10)

    def ask() -> str:
        together.wait()
        return predict(model=model, inputs=["great"])[0].label

    with ThreadPoolExecutor(8) as pool:
        labels = [future.result(20) for future in [pool.submit(ask) for _ in range(8)]]
    assert (labels, len(loads)) == (["good"] * 8, 1)


def test_a_cached_model_is_asked_without_storage_or_database(
    publish: Publish, django_assert_num_queries, monkeypatch
) -> None:
    model = publish("text")
    predict(model=model, inputs=["great"])
    monkeypatch.setattr(local_cache, "folder_of", lambda *_: 1 / 0)
    with django_assert_num_queries(0):
        assert predict(model=model, inputs=["great"])[0].label == "good"


def test_memory_holds_as_many_models_as_the_setting_says(publish: Publish, settings: Any) -> None:
    settings.FLASH_MODEL_CACHE_BYTES = 40 * 1024**2
    models = [publish("text") for _ in range(3)]
    for model in models:
        predict(model=model, inputs=["great"])
    assert 0 < predictor.loaded().used <= settings.FLASH_MODEL_CACHE_BYTES


@pytest.mark.parametrize("file", ["model.onnx", "model.json", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["changed", "truncated", "missing", "empty"])
def test_damaged_files_are_never_served(publish: Publish, caplog, file: str, damage: str) -> None:
    _refuses_while_damaged(publish, caplog, file, damage)


@pytest.mark.parametrize(("file", "damage"), [("model.onnx", "changed"), ("model.json", "missing")])
def test_damaged_objects_are_never_served(s3: Any, publish: Publish, caplog, file: str, damage: str) -> None:
    _refuses_while_damaged(publish, caplog, file, damage)


def _refuses_while_damaged(publish: Publish, caplog, file: str, damage: str) -> None:
    model = publish("text")
    key = f"{model.storage_prefix}/{file}"
    content = content_of(key)
    default_storage.delete(key)
    wrong = {"changed": b"\0" + content[1:], "truncated": content[:-1], "empty": b""}
    if damage in wrong:
        overwrite(key, wrong[damage])
    with pytest.raises(ModelDamaged) as refusal:
        predict(model=model, inputs=["great"])
    assert (refusal.value.status, refusal.value.code) == (503, "model_damaged")
    assert "damaged" in caplog.text
    assert model.token not in caplog.text
    overwrite(key, content)
    assert predict(model=model, inputs=["great"])[0].label == "good"


def test_a_swapped_bundle_is_not_served_however_whole_it_is(publish: Publish) -> None:
    model, other = publish("image"), publish("image", manifest={"classes": ["b", "a", "c"]})
    for name in default_storage.listdir(other.storage_prefix)[1]:
        overwrite(f"{model.storage_prefix}/{name}", content_of(f"{other.storage_prefix}/{name}"))
    with pytest.raises(ModelDamaged):
        predict(model=model, inputs=[bundles.picture()])


def test_a_graph_that_answers_no_number_is_damaged(publish: Publish, monkeypatch) -> None:
    model = publish("text")
    monkeypatch.setattr(
        onnx_classifier.OnnxClassifier,
        "_run",
        lambda self, batch: batch[:, :2].astype("float32") * float("nan"),
    )
    with pytest.raises(ModelDamaged):
        predict(model=model, inputs=["great fun"])


def test_a_model_pruned_between_the_gate_and_the_files_is_expired(any_storage: str, publish: Publish) -> None:
    model = publish()
    held = TrainedModel.objects.get(pk=model.pk)
    store.bury(tombstone=store.retire(model=model))
    with pytest.raises(ModelExpired):
        predict(model=held, inputs=[bundles.picture()])


def test_files_from_s3_are_kept_on_this_disk_and_dropped_with_the_model(
    s3: Any, publish: Publish, settings: Any
) -> None:
    model = publish("text")
    predict(model=model, inputs=["great"])
    (folder,) = (settings.FLASH_CACHE_DIR / "models").iterdir()
    assert {path.name for path in folder.iterdir()} == {"model.json", "model.onnx", "tokenizer.json"}
    s3.objects.delete()
    predictor.loaded.cache_clear()
    assert predict(model=model, inputs=["great"])[0].label == "good"
    store.bury(tombstone=store.retire(model=model))
    assert list((settings.FLASH_CACHE_DIR / "models").iterdir()) == []


def test_a_damaged_copy_on_this_disk_is_fetched_again(s3: Any, publish: Publish, settings: Any) -> None:
    model = publish("text")
    (local_cache.folder_of(model) / "model.onnx").write_bytes(b"bit rot")
    assert predict(model=model, inputs=["great"])[0].label == "good"


def test_a_fetch_that_fails_leaves_no_copy(s3: Any, publish: Publish, settings: Any) -> None:
    model = publish("text")
    overwrite(f"{model.storage_prefix}/model.onnx", b"bit rot")
    with pytest.raises(ModelDamaged):
        predict(model=model, inputs=["great"])
    assert list((settings.FLASH_CACHE_DIR / "models").iterdir()) == []


def test_the_disk_keeps_what_was_used_last(s3: Any, publish: Publish, settings: Any, monkeypatch) -> None:
    models = [publish("text") for _ in range(3)]
    fits = local_cache.serving_bytes(models[0].manifest) * 2
    monkeypatch.setattr(local_cache, "local_cache_bytes", lambda: fits)
    for model in models:
        local_cache.folder_of(model)
    assert 0 < len(list((settings.FLASH_CACHE_DIR / "models").iterdir())) <= 2
    assert local_cache._cached(models[-1].storage_prefix).is_dir()


def test_weights_for_other_programs_are_not_fetched_for_predictions(publish: Publish) -> None:
    assert local_cache.serving_names(publish("text").manifest) == [
        "model.json",
        "model.onnx",
        "tokenizer.json",
    ]


def test_a_file_that_prediction_does_not_know_is_never_fetched_for_it(publish: Publish) -> None:
    manifest = publish("text").manifest
    more = {name: {"sha256": "0" * 64, "bytes": 7} for name in ("notes.txt", "serving.onnx", "model.pt")}
    manifest = manifest | {"files": manifest["files"] | more}
    before = local_cache.serving_bytes(publish("text").manifest)
    assert local_cache.serving_names(manifest) == [
        "model.json",
        "model.onnx",
        "serving.onnx",
        "tokenizer.json",
    ]
    assert local_cache.serving_bytes(manifest) == before + 7


def test_the_web_starts_without_onnxruntime_or_torch() -> None:
    program = (
        "import django; django.setup(); import modelstore.web.api, modelstore.admin, sys, json;"
        "print(json.dumps(sorted({'onnxruntime', 'torch', 'tokenizers'} & set(sys.modules))))"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
