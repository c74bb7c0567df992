"""Models that are pruned while they predict and are downloaded: an answer, whole, or 410; never anything else."""

import io
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

_MODELS = 12
_PUBLISH = f"""
from modelstore.bundles import demo_model, store
from modelstore.ground import tokens
for number in range({_MODELS}):
    prefix = f"jobs/{{number + 1}}/1"
    store.upload_bundle(folder=demo_model.FOLDER, prefix=prefix)
    store.create_model(token_digest=tokens.digest(f"model{{number}}"), prefix=prefix, folder=demo_model.FOLDER,
                       task_name="to go", downloadable=True)
"""
# One after the other, as the hours pass.
_EXPIRE = """
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from modelstore.models import TrainedModel
past = timezone.now() - timedelta(seconds=1)
for key in TrainedModel.objects.filter(pinned=False).values_list("pk", flat=True):
    TrainedModel.objects.filter(pk=key).update(expires_override=past)
    call_command("prune_models", verbosity=0)
"""


def test_each_answer_is_whole_or_says_that_the_model_is_gone(
    make_site: Callable[..., Any], tmp_path: Path
) -> None:
    site = make_site(tmp_path / "var", FLASH_PREDICT_RATE="100000/min")
    site.manage("shell", "-c", _PUBLISH)
    site.start()
    seen: Counter[tuple[str, int]] = Counter()
    damaged: list[str] = []
    inputs = {"Content-Type": "application/json"}

    def predict(token: str) -> int:
        path = f"/api/v1/models/{token}/predict/"
        status, answer = site.ask("POST", path, b'{"inputs": ["Where is my parcel?"]}', inputs)
        if status == 200 and len(answer["predictions"]) != 1:
            damaged.append(f"{token} {answer}")
        return int(status)

    def download(token: str) -> int:
        status, body = site.ask("GET", f"/api/v1/models/{token}/download/?format=bundle")
        if status == 200:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                if archive.testzip():
                    damaged.append(token)
        return int(status)

    begun = threading.Semaphore(0)

    def use(name: str, call: Callable[[str], int], first: int) -> None:
        # A model must be loaded for its first prediction, which takes a moment.
        assert call(f"model{first}") == 200
        seen[name, 200] += 1
        begun.release()
        for token in [f"model{(first + place) % _MODELS}" for place in range(_MODELS)]:
            while (status := call(token)) == 200:
                seen[name, status] += 1
            seen[name, status] += 1

    users = [
        threading.Thread(target=use, args=(name, call, first))
        for name, call in (("predict", predict), ("download", download))
        for first in (0, 6)
    ]
    for user in users:
        user.start()
    assert all(begun.acquire(timeout=60) for _ in users)
    site.manage("shell", "-c", _EXPIRE)
    for user in users:
        user.join(120)
    assert not damaged
    # A download that had begun when its files went is broken off: its length tells, nobody takes it for whole.
    assert {status for _, status in seen} <= {200, 410, 0}, seen
    assert seen["predict", 410] == seen["download", 410] == 2 * _MODELS, seen
    assert seen["predict", 200] and seen["download", 200], seen
    assert not list((site.var / "media" / "jobs").rglob("*.*"))
