"""FLAML on features of a frozen network: `python -m benchmarks.auto.peer SET_FOLDER WEIGHTS SECONDS`; free of Flash."""

import csv
import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BATCH = 64


def _texts(table: Path) -> tuple[list[str], list[str]]:
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["input"] for row in rows], [row["label"] for row in rows]


def _embedded(folder: Path, weights: Path) -> list[tuple[NDArray[Any], list[str]]]:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(weights / "all-MiniLM-L6-v2"), device="cpu")
    parts = [_texts(folder / name) for name in ("train.csv", "test.csv")]
    return [(encoder.encode(texts, batch_size=_BATCH), labels) for texts, labels in parts]


def _pictured(folder: Path, weights: Path) -> list[tuple[NDArray[Any], list[str]]]:
    import torch
    import torchvision
    from PIL import Image

    network = torchvision.models.mobilenet_v2()
    network.load_state_dict(torch.load(weights / "mobilenet_v2.pth", weights_only=True))
    network.classifier = torch.nn.Identity()
    network.eval()
    prepare = torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V2.transforms()
    found = []
    for archive in ("train.zip", "test.zip"):
        features, labels = [], []
        with zipfile.ZipFile(folder / archive) as file, torch.inference_mode():
            names = [
                name
                for name in sorted(file.namelist())
                if Path(name).suffix.lower() in {".jpg", ".jpeg", ".png"}
            ]
            for first in range(0, len(names), _BATCH):
                some = names[first : first + _BATCH]
                pictures = [prepare(Image.open(io.BytesIO(file.read(name))).convert("RGB")) for name in some]
                features.append(network(torch.stack(pictures)).numpy())
                labels += [Path(name).parts[-2] for name in some]
        found.append((np.concatenate(features), labels))
    return found


def main(folder: Path, weights: Path, seconds: float) -> None:
    """Print the test accuracy and the seconds until the model is there, as JSON."""
    started = time.monotonic()
    from flaml import AutoML

    (train, labels), (test, truth) = (_embedded if (folder / "train.csv").exists() else _pictured)(
        folder, weights
    )
    automl = AutoML()
    automl.fit(
        X_train=train,
        y_train=np.array(labels),
        task="classification",
        metric="accuracy",
        time_budget=max(10.0, seconds - (time.monotonic() - started)),
        n_jobs=2,
        seed=1,
        verbose=0,
    )
    took = time.monotonic() - started
    right = float((automl.predict(test) == np.array(truth)).mean())
    print(json.dumps({"test": right, "seconds": took, "best": automl.best_estimator}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
