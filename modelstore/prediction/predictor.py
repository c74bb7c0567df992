"""Predictions: bundles loaded once, kept in bounded memory, checked before they are used."""

import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from modelstore.access import ModelDamaged, unusable_model
from modelstore.bundles import local_cache
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from modelstore.prediction import gate, measures
from modelstore.prediction.contract import inputs_of
from modelstore.prediction.inputs import InputUnreadable, check_inputs, refused
from modelstore.prediction.memory_cache import MemoryCache, session_bytes
from modelstore.prediction.predictions import Prediction, Predictions
from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE, BundleDamaged

if TYPE_CHECKING:
    from training.bundle.onnx_classifier import OnnxClassifier


class TookTooLong(FlashError):
    """A request for predictions was given up."""

    status = 503
    code = "too_slow"
    title = "The predictions took too long"


__all__ = ["ModelDamaged", "Prediction", "Predictions", "predict"]


def predict(
    *,
    model: TrainedModel,
    inputs: Sequence[Any],
    top_k: int = 5,
    names: Sequence[str] = (),
    deadline: float | None = None,
    spend: Callable[[str, int, int], None] | None = None,
) -> Predictions:
    """One prediction for each input, in their order: encoded pictures (bytes), sentences (str) and so on.

    `names`, where given, are file names for the sentences of a refusal; `deadline`, on the clock of `time.monotonic`,
    is that of the request. `spend(what, cost, most)` may refuse what costs this caller more than `most` in a minute:
    a multiple of what one request may cost. Raises a FlashError that names the
    first wrong input by its index (400, 413, 415, 422), ModelDamaged (503), ModelExpired (410) if the model
    was pruned meanwhile, StorageUnavailable (503), Busy and TookTooLong (503).
    """
    with measures.prediction(model=model.pk, task=model.task_type, inputs=len(inputs)):
        limits = settings.FLASH_LIMITS
        cost = check_inputs(task_type=model.task_type, inputs=inputs, limits=limits, names=names)
        if spend is not None:
            unit, field = inputs_of(model.task_type).COST
            spend(unit, cost, getattr(limits, field) * settings.FLASH_PREDICT_LARGEST_RATE)
        classifier = _loaded(model)
        probabilities = _probabilities(classifier, inputs, names, deadline or request_deadline())
        try:
            return Predictions(probabilities, model.classes, top_k, model.most_spread, model.label_thresholds)
        except ValueError as error:
            raise unusable_model(model, error) from error


def _loaded(model: TrainedModel) -> "OnnxClassifier":
    result = "hit"

    def load() -> "tuple[OnnxClassifier, int]":
        nonlocal result
        result = "load"
        with measures.LOAD_SECONDS.time():
            return _load(model)

    classifier = loaded().get(model.storage_prefix, load)
    measures.looked(result).inc()
    if result == "load":
        measures.CACHE_BYTES.set(loaded().used)
    return classifier


@cache
def loaded() -> "MemoryCache[OnnxClassifier]":
    """The models that this process keeps in memory."""
    return MemoryCache(settings.FLASH_MODEL_CACHE_BYTES, _shared_memory)


def _shared_memory() -> int:
    from training.bundle.shared_layers import shared_bytes  # here, so that the web starts light

    return sum(map(session_bytes, shared_bytes()))


def _load(model: TrainedModel) -> "tuple[OnnxClassifier, int]":
    try:
        classifier = _open(model)
    except BundleDamaged as error:
        raise unusable_model(model, error) from error
    if model.damaged_prefix:
        # Its files were put back.
        TrainedModel.objects.filter(pk=model.pk).update(damaged_prefix="")
    return classifier, serving_memory(model.manifest, classifier.shared_bytes)


def serving_memory(manifest: dict[str, Any], shared: int = 0) -> int:
    """Bytes of memory that a loaded model is reckoned to take beside what it shares, `shared` bytes of its files."""
    from training.bundle.onnx_classifier import served_file

    names: dict[str, Any] = manifest["files"]
    unused = {ONNX_FILE, SERVING_COPY_FILE} - {
        served_file(names) if settings.FLASH_SERVING_COPY else ONNX_FILE
    }
    loaded = {name: facts for name, facts in names.items() if name not in unused}
    return session_bytes(local_cache.serving_bytes(manifest | {"files": loaded}), shared)


def _open(model: TrainedModel) -> "OnnxClassifier":
    try:
        return _classifier(local_cache.folder_of(model))
    except BundleDamaged:
        if not local_cache.is_copied(model):
            raise
    # The copy on this disk may have been dropped by another process between the check and the opening.
    return _classifier(local_cache.folder_of(model))


def _classifier(folder: Path) -> "OnnxClassifier":
    from training.bundle.onnx_classifier import OnnxClassifier  # here, so that the web starts light

    return OnnxClassifier(folder, threads=settings.FLASH_SERVE_THREADS, copy=settings.FLASH_SERVING_COPY)


def request_deadline() -> float:
    """Until when a request that comes now is to be answered, on the clock of `time.monotonic`."""
    return time.monotonic() + settings.FLASH_PREDICT_SECONDS


def _probabilities(
    classifier: "OnnxClassifier", inputs: Sequence[Any], names: Sequence[str], deadline: float
) -> Any:
    from training.bundle.preprocessing import OutOfTime, UnreadableInput

    try:
        with gate.predictions().turn(max(0.0, deadline - time.monotonic())):
            return classifier.predict(inputs, deadline)
    except OutOfTime as error:
        raise TookTooLong(
            f"These predictions take more than {settings.FLASH_PREDICT_SECONDS:,} seconds. "
            "Send fewer or smaller inputs at a time, or all of them as one file.",
            retry_after=1,
        ) from error
    except UnreadableInput as error:
        index = error.index or 0
        name = names[index] if index < len(names) else ""
        raise refused(InputUnreadable, index, f"cannot be read: {error.reason}.", name) from error
