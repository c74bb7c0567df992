"""The whole encoder fine-tuned by a plain loop of transformers: `python -m benchmarks.language.fine_tune FOLDER OUT`.

FOLDER holds learn.csv, validation.csv and test.csv. From the same weights as Flash, with batches of 32 padded to
their longest sentence, the fused AdamW that the library's Trainer takes, a linear schedule with warm-up, and a head on
the mean of the tokens' states. The epoch that did best on the validation part is kept. It prints a JSON line when the
model is saved, and a second one with the accuracy on the test part. Run by a Python that has transformers.
"""

import argparse
import copy
import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (  # type: ignore[import-not-found]
    AutoModel,
    AutoTokenizer,
    get_linear_schedule_with_warmup,
)

_BATCH, _TEST_BATCH, _WINDOW = 32, 64, 256
_DECAY, _DROPOUT, _WARM_UP, _CLIP = 0.01, 0.1, 0.1, 1.0

Rows = list[tuple[str, str]]


class Classifier(nn.Module):
    """The encoder of the library with a head on the mean of the tokens' states."""

    def __init__(self, weights: Path, classes: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(weights, dtype=torch.float32, add_pooling_layer=False)
        self.head = nn.Linear(self.encoder.config.hidden_size, classes)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        states = self.encoder(**inputs).last_hidden_state
        there = inputs["attention_mask"][..., None].to(states.dtype)
        mean = (states * there).sum(1) / there.sum(1)
        logits: Tensor = self.head(nn.functional.dropout(mean, _DROPOUT, self.training))
        return logits


class Loop:
    """One fine-tuning."""

    def __init__(self, weights: Path, rows: Rows, epochs: int, rate: float) -> None:
        self._rows, self._epochs = rows, epochs
        self.classes = sorted({label for _, label in rows})
        self._tokenizer = AutoTokenizer.from_pretrained(weights)
        self.model = Classifier(weights, len(self.classes))
        self._steps = epochs * -(-len(rows) // _BATCH)
        self._optimizer = torch.optim.AdamW(self.model.parameters(), rate, weight_decay=_DECAY, fused=True)
        self._schedule = get_linear_schedule_with_warmup(
            self._optimizer, int(_WARM_UP * self._steps), self._steps
        )

    def run(self, validation: Rows) -> None:
        """Train, and keep the best epoch."""
        best, kept = -1.0, self.model.state_dict()
        for _ in range(self._epochs):
            self._epoch()
            score = self.accuracy(validation)
            if score >= best:
                best, kept = score, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(kept)

    def _epoch(self) -> None:
        self.model.train()
        order = torch.randperm(len(self._rows)).tolist()
        for start in range(0, len(order), _BATCH):
            inputs, labels = self._batch([self._rows[i] for i in order[start : start + _BATCH]])
            loss = nn.functional.cross_entropy(self.model(inputs), labels)
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
            self._optimizer.step()
            self._schedule.step()

    @torch.no_grad()
    def accuracy(self, rows: Rows) -> float:
        """Share of `rows` that it gets right."""
        self.model.eval()
        right = 0
        for start in range(0, len(rows), _TEST_BATCH):
            inputs, labels = self._batch(rows[start : start + _TEST_BATCH])
            right += int((self.model(inputs).argmax(1) == labels).sum())
        return right / len(rows)

    def _batch(self, rows: Rows) -> tuple[Any, Tensor]:
        texts = [text for text, _ in rows]
        inputs = self._tokenizer(
            texts, padding="longest", truncation=True, max_length=_WINDOW, return_tensors="pt"
        )
        return inputs, torch.tensor([self.classes.index(label) for _, label in rows])


def _read(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["input"], row["label"]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    for name in ("weights", "epochs", "rate", "threads"):
        parser.add_argument(f"--{name}", required=True)
    chosen = parser.parse_args()
    torch.set_num_threads(int(chosen.threads))
    torch.manual_seed(1)
    learn, validation, test = (
        list(_read(chosen.folder / f"{n}.csv")) for n in ("learn", "validation", "test")
    )
    started = time.perf_counter()
    loop = Loop(Path(chosen.weights), learn, int(chosen.epochs), float(chosen.rate))
    loop.run(validation)
    seconds = time.perf_counter() - started
    torch.save(loop.model.state_dict(), chosen.out)
    print(json.dumps({"seconds": seconds, "processor": sum(os.times()[:2])}), flush=True)
    print(json.dumps({"test": loop.accuracy(test)}), flush=True)


if __name__ == "__main__":
    main()
