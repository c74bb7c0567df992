"""Versions of a model: the one that answers, those before it, those kept back; any of them can be brought back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs.upkeep import storage_sweep
from modelstore.access import ModelExpired
from modelstore.bundles import store, versions
from modelstore.bundles.versions import MOST_KEPT, VersionUnknown
from modelstore.ground import files
from modelstore.lifetime.pruning import prune
from modelstore.models import ModelVersion, SharedPart, Tombstone, TrainedModel
from modelstore.prediction.predictor import predict
from tests.bundles import MOODS, shared_bundle, text_bundle
from tests.modelstore.conftest import Publish
from training.bundle.manifest import describe_files

pytestmark = pytest.mark.django_db
Train = Callable[..., str]
MORE = [*MOODS, "mixed"]


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """`train(model, keep)`: a bundle that was trained for it, handed to `take_over` or `keep_apart`; its prefix."""
    made = 0

    def _train(
        model: TrainedModel,
        keep: Callable[..., None],
        build: Callable[..., Path] = text_bundle,
        **manifest: Any,
    ) -> str:
        nonlocal made
        made += 1
        folder, prefix = build(tmp_path / "trained" / str(made), **manifest), f"jobs/{700 + made}/1"
        store.upload_bundle(folder=folder, prefix=prefix)
        model.refresh_from_db()
        keep(model=model, folder=folder, prefix=prefix)
        return prefix

    return _train


def said(model: TrainedModel) -> int:
    """How many classes the answer to a sentence names."""
    return len(predict(model=model, inputs=["great fun"]).to_json()[0]["top"])


def bytes_of(prefix: str) -> dict[str, bytes]:
    found = {}
    for file in files.walk(prefix):
        with files.reading(file.key) as chunks:
            found[file.key] = b"".join(chunks)
    return found


def numbers(model: TrainedModel) -> list[tuple[int, bool, bool]]:
    model.refresh_from_db()
    return [(one.number, one.answers, one.answered) for one in versions.versions_of(model)]


def test_who_takes_over_answers_and_the_one_before_is_kept(publish: Publish, train: Train) -> None:
    model = publish("text")
    before = bytes_of(model.storage_prefix)
    prefix = train(model, versions.take_over, classes=MORE)
    assert numbers(model) == [(2, True, True), (1, False, True)]
    assert (model.storage_prefix, model.classes) == (prefix, MORE)
    assert said(model) == 3
    assert bytes_of("jobs/1/1") == before


def test_who_is_kept_apart_does_not_answer(publish: Publish, train: Train) -> None:
    model = publish("text")
    train(model, versions.keep_apart, classes=MORE)
    assert numbers(model) == [(2, False, False), (1, True, True)]
    assert said(model) == 2


def test_bringing_back_restores_every_byte_and_figure(publish: Publish, train: Train) -> None:
    model = publish("text")
    first = {name: getattr(model, name) for name in (*store.BUNDLE_COLUMNS, "storage_prefix", "created")}
    stored = bytes_of(model.storage_prefix)
    prefix = train(model, versions.take_over, classes=MORE)
    later = bytes_of(prefix)
    born = TrainedModel.objects.get().created
    found = versions.promote(model=model, number=1)
    assert numbers(model) == [(2, False, True), (1, True, True)]
    assert {name: getattr(found, name) for name in first} == first | {"created": born}
    assert bytes_of(found.storage_prefix) == stored
    assert said(model) == 2
    # And forth again.
    versions.promote(model=model, number=2)
    model.refresh_from_db()
    assert bytes_of(model.storage_prefix) == later
    assert said(model) == 3
    # Asked once more, nothing changes.
    versions.promote(model=model, number=2)
    assert numbers(model) == [(2, True, True), (1, False, True)]


def test_one_that_is_not_there_is_told(publish: Publish, train: Train) -> None:
    model = publish("text")
    with pytest.raises(VersionUnknown, match="no version 7"):
        versions.promote(model=model, number=7)
    train(model, versions.keep_apart)
    store.delete_model(model)
    with pytest.raises(ModelExpired):
        versions.promote(model=model, number=2)


def test_the_oldest_go_and_their_files_with_them(publish: Publish, train: Train) -> None:
    model = publish("text")
    prefixes = ["jobs/1/1", *(train(model, versions.keep_apart) for _ in range(MOST_KEPT + 2))]
    assert [number for number, *_ in numbers(model)] == [6, 5, 4, 1]
    prune()
    assert [bool(bytes_of(prefix)) for prefix in prefixes] == [True, False, False, True, True, True]
    assert not Tombstone.objects.exists()


def test_they_end_with_their_model(publish: Publish, train: Train) -> None:
    model = publish("text")
    prefixes = ["jobs/1/1", train(model, versions.take_over), train(model, versions.keep_apart)]
    TrainedModel.objects.update(expires_override=timezone.now())
    prune()
    assert not TrainedModel.objects.exists() and not ModelVersion.objects.exists()
    assert [bytes_of(prefix) for prefix in prefixes] == [{}] * 3


def test_no_sweep_takes_the_files_of_a_version(publish: Publish, train: Train) -> None:
    model = publish("text")
    prefix = train(model, versions.take_over)
    Tombstone.objects.create(storage_prefix="jobs/1/1")
    assert store.bury(tombstone=Tombstone.objects.get()) is False
    keys = [file.key for kept in ("jobs/1/1", prefix) for file in files.walk(kept)]
    assert storage_sweep.named("jobs", keys) == set(keys)


def test_what_a_version_shares_with_others_stays(publish: Publish, train: Train) -> None:
    model = publish("shared")
    train(model, versions.take_over, text_bundle)
    assert set(SharedPart.objects.needed()) == set(model.versions.get().shared_parts.all()) != set()
    versions.promote(model=model, number=1)
    assert set(SharedPart.objects.needed()) == set(model.shared_parts.all())
    train(model, versions.take_over, shared_bundle)
    assert said(TrainedModel.objects.get()) == 2


def test_the_manifest_of_a_version_tells_its_own_files(
    publish: Publish, train: Train, tmp_path: Path
) -> None:
    model = publish("text")
    train(model, versions.take_over, classes=MORE)
    model.refresh_from_db()
    first = versions.version_of(model, 1)
    folder = text_bundle(tmp_path / "again")
    assert (
        first.bundle.manifest["files"]["model.onnx"] == describe_files(folder, ["model.onnx"])["model.onnx"]
    )
    assert first.bundle.classes == ["bad", "good"]
