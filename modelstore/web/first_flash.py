"""The documents that the first Flash kept for models and their cleaning, computed: inference.json, cleanup.json."""

from typing import Any

from modelstore.downloads.file_responses import FORMATS
from modelstore.models import CleanupPolicy, TrainedModel


def cleanup_document(policy: CleanupPolicy) -> dict[str, str]:
    """`status`: active when old models are deleted, sleeping when they are kept."""
    return {"status": "active" if policy.active else "sleeping"}


def inference_entry(model: TrainedModel) -> dict[str, Any]:
    """What inference.json said of one model; file names are keys in the storage of models."""
    return {
        "task_type": model.task_type,
        "model_filename": f"{model.storage_prefix}/{FORMATS['pytorch']}",
        "model_filename_onnx": f"{model.storage_prefix}/{FORMATS['onnx']}",
        "classes": model.classes,
        "downloadable": model.downloadable,
        "accuracy": model.accuracy,
        "accuracy_plot": f"{model.storage_prefix}/accuracy.svg",
        "created": model.created.isoformat(),
    }
