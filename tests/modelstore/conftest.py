"""Published models to test with: real bundles, real storage in a folder of the test's own."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from flashsite.settings import _S3
from modelstore.bundles import store
from modelstore.ground.tokens import new_token
from modelstore.models import TrainedModel
from modelstore.prediction import predictor
from tests import bundles
from tests.published import create_model

Publish = Callable[..., TrainedModel]


@pytest.fixture(autouse=True)
def _empty_memory_cache() -> Iterator[None]:
    predictor.loaded.cache_clear()
    yield
    predictor.loaded.cache_clear()


@pytest.fixture
def publish(db: None, tmp_path: Path) -> Publish:
    """`publish(kind="image" | "text" | "shared", **columns)`: a model whose bundle lies in storage.

    The files of those of the last kind share most of their bytes with each other.
    """
    made = 0

    def _publish(kind: str = "image", **columns: Any) -> TrainedModel:
        nonlocal made
        made += 1
        build = {
            "image": bundles.image_bundle,
            "text": bundles.text_bundle,
            "shared": bundles.shared_bundle,
        }[kind]
        folder = build(tmp_path / "bundles" / str(made), **columns.pop("manifest", {}))
        prefix = columns.pop("prefix", f"jobs/{made}/1")
        store.upload_bundle(folder=folder, prefix=prefix)
        model = create_model(
            token=columns.pop("token", new_token()),
            prefix=prefix,
            folder=folder,
            task_name=columns.pop("task_name", f"task {made}"),
            downloadable=columns.pop("downloadable", True),
            pinned=columns.pop("pinned", False),
        )
        TrainedModel.objects.filter(pk=model.pk).update(**columns)
        model.refresh_from_db()
        return model

    return _publish


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """An S3 of moto's, over HTTP, for the whole session."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def s3(s3_address: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Files go to an empty bucket; answers the bucket as boto3 sees it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    bucket = boto3.resource("s3", endpoint_url=s3_address, region_name="us-east-1").Bucket("flash")
    bucket.create()
    options = {
        **_S3["OPTIONS"],
        "bucket_name": "flash",
        "endpoint_url": s3_address,
        "region_name": "us-east-1",
        "location": "flash-files",
    }
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    yield bucket
    default_storage.connection.meta.client.close()
    bucket.objects.delete()
    bucket.delete()
    bucket.meta.client.close()


@pytest.fixture(params=["local", "s3"])
def any_storage(request: pytest.FixtureRequest) -> str:
    """Runs the test on a local folder and on S3."""
    if request.param == "s3":
        request.getfixturevalue("s3")
    return str(request.param)
