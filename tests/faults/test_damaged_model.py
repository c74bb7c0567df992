"""A model whose stored files are damaged is not served, and the operator is really told."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from jobs.models import Alert
from jobs.upkeep.sweep import sweep
from modelstore.models import TrainedModel
from modelstore.prediction.predictor import loaded
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "publish"]
pytestmark = pytest.mark.django_db


def ask(client: Client, model: TrainedModel) -> Any:
    loaded().clear()
    return client.post(
        f"/api/v1/models/{model.token}/predict/", {"inputs": ["great"]}, content_type="application/json"
    )


@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_the_operator_sees_it_at_once_and_until_it_is_repaired(
    client: Client, admin_client: Client, publish: Any, how: str
) -> None:
    model = publish("text")
    assert ask(client, model).status_code == 200
    path = Path(default_storage.path(f"{model.storage_prefix}/model.onnx"))
    whole = path.read_bytes()
    path.chmod(0o600)
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:100] if how == "cut" else whole[:-1] + bytes([whole[-1] ^ 1]))
    for _ in range(2):
        answer = ask(client, model)
        assert (answer.status_code, answer.json()["code"]) == (503, "model_damaged")
        assert "operator has been notified" in answer.json()["detail"]

    assert sweep(thorough=False).damaged_models == 1
    alert = Alert.objects.get(kind="damaged_model")
    assert f"{model.task_name} (number {model.pk})" in alert.message
    assert model.token not in alert.message
    assert "Damaged models" in admin_client.get("/admin/").content.decode()
    metrics = client.get("/metrics").content.decode()
    assert "flash_damaged_models 1.0" in metrics and 'flash_alerts{kind="damaged_model"} 1.0' in metrics

    path.write_bytes(whole)
    assert ask(client, model).status_code == 200
    assert sweep(thorough=False).damaged_models == 0
    assert "Damaged models" not in admin_client.get("/admin/").content.decode()
    assert "flash_damaged_models 0.0" in client.get("/metrics").content.decode()


def test_a_model_that_took_its_place_is_not_damaged(publish: Any) -> None:
    model = publish("text")
    TrainedModel.objects.filter(pk=model.pk).update(damaged_prefix=model.storage_prefix)
    assert TrainedModel.objects.damaged().get() == model
    TrainedModel.objects.filter(pk=model.pk).update(storage_prefix="jobs/9/9/")
    assert not TrainedModel.objects.damaged().exists()
