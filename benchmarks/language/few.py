"""SetFit with a few examples: `python -m benchmarks.language.few FOLDER OUT`, by a Python that has setfit.

FOLDER holds train.csv and test.csv. Pairs as its paper has them (Tunstall et al. 2022): 20 alike and 20 unlike for each
sentence, one epoch, batches of 16; then a logistic regression. Prints the same lines as `fine_tune`.
"""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import torch
from datasets import Dataset  # type: ignore[import-not-found]
from setfit import SetFitModel, Trainer, TrainingArguments  # type: ignore[import-not-found]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-not-found,import-untyped]

from benchmarks.language.embed_peer import encoder

_BATCH, _EPOCHS, _PAIRS = 16, 1, 20


def _read(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {"text": [row["input"] for row in rows], "label": [row["label"] for row in rows]}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    for name in ("weights", "threads"):
        parser.add_argument(f"--{name}", required=True)
    chosen = parser.parse_args()
    torch.set_num_threads(int(chosen.threads))
    train, test = (_read(chosen.folder / f"{name}.csv") for name in ("train", "test"))
    classes = sorted(set(train["label"]))
    numbered = train | {"label": [classes.index(label) for label in train["label"]]}
    started = time.perf_counter()
    model = SetFitModel(encoder(Path(chosen.weights)), LogisticRegression())
    arguments = TrainingArguments(
        output_dir=str(chosen.out),
        batch_size=_BATCH,
        num_epochs=_EPOCHS,
        num_iterations=_PAIRS,
        report_to="none",
        save_strategy="no",
        show_progress_bar=False,
        seed=1,
    )
    Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict(numbered)).train()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "processor": sum(os.times()[:2])}), flush=True)
    found = model.predict(test["text"])
    right = sum(classes[int(i)] == label for i, label in zip(found, test["label"], strict=True))
    print(json.dumps({"test": right / len(test["label"])}), flush=True)


if __name__ == "__main__":
    main()
