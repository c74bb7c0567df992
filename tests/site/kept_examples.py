"""Gives a published model the examples that a trainer would have kept."""

import hashlib
import io
import json
import zipfile

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from modelstore.models import TrainedModel
from tests.bundles import picture

THRESHOLDS = [
    {"threshold": 0.0, "unsure": 0.0, "accuracy": 0.9},
    {"threshold": 0.5, "unsure": 0.05, "accuracy": 0.92},
    {"threshold": 0.8, "unsure": 0.4, "accuracy": 0.99},
    {"threshold": 0.99, "unsure": 1.0, "accuracy": None},
]
BINS = [{"count": 4, "confidence": 0.55, "accuracy": 0.5}, {"count": 16, "confidence": 0.95, "accuracy": 1.0}]

FINDINGS = {
    "baseline": {"name": "naive Bayes on single words", "accuracy": 0.81},
    "calibration": {"temperature": 1.4, "error_before": 0.09, "error_after": 0.021, "bins": []},
    "duplicates": {
        "count": 3,
        "accuracy_without": 0.875,
        "examples": [
            {"source": "row 9: <i>hm</i>", "label": "good", "twin": "row 2: hm", "twin_label": "good"}
        ],
        "conflicts": 1,
        "conflict_examples": [
            {"source": "row 5: ok", "label": "bad", "twin": "row 4: ok", "twin_label": "good"}
        ],
    },
    "suspects": {
        "count": 1200,
        "looked_at": 5000,
        "examples": [{"source": "row 7: so nice", "label": "bad", "predicted": "good", "probability": 0.97}],
    },
    "hardest": [
        {
            "source": "row 8: well",
            "label": "bad",
            "predicted": "good",
            "probability": 0.9,
            "label_probability": 0.1,
        }
    ],
}


def add_findings(model: TrainedModel) -> TrainedModel:
    """What a trainer would have found in its data: hard ones, wrong labels, twins."""
    model.report |= FINDINGS
    model.save()
    return model


def keep_examples(model: TrainedModel, source: str = "row 7: great <b>fun</b>") -> TrainedModel:
    """Of all right answers of the first class one sample, named `source`; thresholds and calibration, too."""
    samples = [{"source": source, "probability": 0.625}]
    told = {
        "cells": [{"truth": 0, "predicted": 0, "count": 20, "samples": samples}],
        "pictures": {source: "000.jpg"} if model.task_type.startswith("image") else {},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("examples.json", json.dumps(told))
        archive.writestr("000.jpg", picture("red", format="JPEG"))
    data = buffer.getvalue()
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    model.manifest["files"]["examples.zip"] = facts
    model.report["thresholds"] = THRESHOLDS
    model.report["calibration"] = {"error_before": 0.09, "error_after": 0.02, "bins": BINS}
    model.save()
    files = {"examples.zip": data, "model.json": json.dumps(model.manifest).encode()}
    for name, content in files.items():
        key = f"{model.storage_prefix}/{name}"
        default_storage.delete(key)
        default_storage.save(key, ContentFile(content))
    return model
