"""Publications, uploads and deletions of one part at the same moment, on a database with locks of rows."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from modelstore.bundles import shared_parts, store
from modelstore.bundles.shared_parts import KEPT
from modelstore.models import SharedPart, TrainedModel
from tests.bundles import shared_bundle

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that was uploaded long ago and not yet published."""
    folder = shared_bundle(tmp_path / "bundle")
    store.upload_bundle(folder=folder, prefix="jobs/1/1")
    SharedPart.objects.update(wanted=timezone.now() - 2 * KEPT)
    return folder


@contextmanager
def elsewhere() -> Iterator[Callable[[Callable[[], Any]], "Future[Any]"]]:
    """Runs functions in a thread with a connection of its own."""

    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(run, work)


def publish(folder: Path) -> TrainedModel:
    return store.create_model(
        token_digest="x" * 64, prefix="jobs/1/1", folder=folder, task_name="t", downloadable=True
    )


def test_what_is_being_published_keeps_its_parts(folder: Path) -> None:
    key = SharedPart.objects.all()[0].key
    with elsewhere() as start:
        with transaction.atomic():
            publish(folder)
            removed = start(lambda: shared_parts.remove(key, timezone.now()))
            with pytest.raises(TimeoutError):
                removed.result(0.5)
        assert removed.result(20) is False
    assert default_storage.exists(key)


def test_an_upload_waits_for_a_deletion_and_stores_it_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SharedPart.objects.all()[0].key
    about_to, may = threading.Event(), threading.Event()
    backend = type(default_storage._wrapped)
    delete = backend.delete

    def slowly(self: Any, name: str) -> None:
        if name == key:
            about_to.set()
            assert may.wait(20)
        delete(self, name)

    monkeypatch.setattr(backend, "delete", slowly)
    with elsewhere() as start, elsewhere() as upload:
        removed = start(lambda: shared_parts.remove(key, timezone.now()))
        assert about_to.wait(20)
        uploaded = upload(lambda: store.upload_bundle(folder=folder, prefix="jobs/1/1"))
        with pytest.raises(TimeoutError):
            uploaded.result(0.5)
        may.set()
        assert removed.result(20) is True
        uploaded.result(20)
    assert default_storage.exists(key)
    publish(folder)
    assert SharedPart.objects.needed().count() == 4
