"""The LSTM against a plain loop, epoch by epoch in turn in one process, and the n-grams against fastText.

    python -m benchmarks.train_text [--lstm trec6:10 agnews-small:1] [--ngrams trec6 agnews-small]

`--lstm` names sets with the number of epochs. Both loops have the same tokens, split, layers and number of epochs;
an epoch is a pass over the training part and the accuracy on the validation part. fastText (`pip install
fasttext-wheel`) is tried with the same tokens of all rows; times are from text in memory to a fitted model.
"""

import os

# As the training process does it, before torch is loaded; for both sides.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import io
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.plain_texts import PlainLoop
from benchmarks.site import bar
from benchmarks.training_runs import DATA
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.control import Control, available_cores
from training.ground.epochs import EpochFigures
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.recipe import resolve
from training.ground.run import Job
from training.ground.samples import Samples
from training.ground.split import stratified_split
from training.kinds.sentences.preprocess import TextPreprocess
from training.kinds.sentences.reading import read_sentences
from training.kinds.sentences.tokeniser import learn_vocabulary
from training.train import train

_TIMES_FASTER = {"trec6": 3.0, "agnews-small": 5.0}
_READS = 256
_REPEATS = 3
bars: list[tuple[str, float, float, bool]] = []


class Alternating(Events):
    """After each epoch of Flash an epoch of the plain loop, so that both meet the same weather."""

    def __init__(self, plain: PlainLoop) -> None:
        super().__init__(io.StringIO())
        self._plain = plain
        self.seconds: list[float] = []

    def epoch(self, figures: EpochFigures, epochs: int) -> None:
        """See Events."""
        self.seconds.append(figures.seconds)
        self._plain.epoch()
        print(
            f"  epoch {figures.epoch}: Flash {figures.seconds:.2f} s, plain {self._plain.seconds[-1]:.2f} s",
            flush=True,
        )


def _read(name: str, part: str, folder: Path) -> Samples[str]:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "data.csv").write_bytes((DATA / "text" / name / f"{part}.csv").read_bytes())
    return read_sentences(folder / "data")


def _run(folder: Path, events: Events, values: dict[str, Any]) -> Job:
    return Job(
        folder=folder,
        recipe=replace(resolve("textclassification", values), early_stopping=None),
        machine=Machine(nice=0),
        events=events,
        control=Control(),
        phases=Phases(),
    )


def _accuracy(folder: Path, test: Samples[str], classes: list[str]) -> float:
    found = OnnxClassifier(folder / "bundle", available_cores()).predict(test.items).argmax(1)
    return float(np.mean([classes[i] == test.classes[j] for i, j in zip(found, test.labels, strict=True)]))


def compare_lstm(name: str, epochs: int, folder: Path) -> None:
    """Train both LSTMs in turn and tell seconds an epoch and test accuracy."""
    test = _read(name, "test", folder / "test")
    samples = _read(name, "train", folder)
    values = {"model": "lstm", "preset": "balanced", "epochs": epochs}
    parts = stratified_split(samples.labels, resolve("textclassification", values).data_split, 1)
    vocabulary = learn_vocabulary(samples.items, 25_000)
    preprocess = TextPreprocess(vocabulary.tokenizer_json, _READS)
    rows = [preprocess.ragged([samples.items[i] for i in part]) for part in parts]
    torch.manual_seed(1)
    plain = PlainLoop(rows, [samples.labels[part] for part in parts], vocabulary.size)
    events = Alternating(plain)
    train(_run(folder, events, values))
    ours, theirs = statistics.median(events.seconds), statistics.median(plain.seconds)
    truth = np.array([samples.classes.index(test.classes[i]) for i in test.labels])
    flash = _accuracy(folder, test, samples.classes)
    other = plain.best_accuracy(preprocess.ragged(test.items), truth)
    print(
        f"{name}: seconds an epoch Flash {ours:.2f}, plain {theirs:.2f}; "
        f"test accuracy after {epochs} epochs Flash {flash:.1%}, plain {other:.1%}",
        flush=True,
    )
    bars.append((f"{name}-lstm-times-faster", theirs / ours, _TIMES_FASTER.get(name, 3.0), True))
    bars.append((f"{name}-lstm-accuracy-above-plain", 100 * (flash - other), 0.0, True))


def compare_ngrams(name: str, folder: Path) -> None:
    """Train the n-grams and fastText in turn on all rows and tell seconds and test accuracy."""
    test = _read(name, "test", folder / "test")
    samples = _read(name, "train", folder)
    ours: list[float] = []
    theirs: list[float] = []
    other = 0.0
    for _ in range(_REPEATS):
        run = _run(folder, Events(io.StringIO()), {"model": "bag_of_ngrams"})
        train(run)
        counted = ("tokenise", "features", "training")
        ours.append(sum(run.phases.seconds[phase] for phase in counted))
        try:
            seconds, other = _fasttext(samples, test, folder)
        except ImportError:
            print("fastText is not installed (pip install fasttext-wheel): no comparison.")
            return
        theirs.append(seconds)
    flash = _accuracy(folder, test, samples.classes)
    one, two = statistics.median(ours), statistics.median(theirs)
    print(
        f"{name}: seconds Flash n-grams {one:.2f} (of which it is measured, then fitted to all rows), "
        f"fastText {two:.2f}; test accuracy Flash {flash:.1%}, fastText {other:.1%}",
        flush=True,
    )
    bars.append((f"{name}-ngrams-accuracy-above-fasttext", 100 * (flash - other), -0.3, True))
    bars.append((f"{name}-ngrams-time-over-fasttext", one / two, 3.0, False))


def _fasttext(samples: Samples[str], test: Samples[str], folder: Path) -> tuple[float, float]:
    """Seconds and test accuracy of fastText with the settings of its own tutorial for bigrams."""
    import fasttext

    started = time.monotonic()
    vocabulary = learn_vocabulary(samples.items, 25_000)
    preprocess = TextPreprocess(vocabulary.tokenizer_json, 2_000)
    train_file = _lines(preprocess, samples, samples.classes, folder / "fasttext.train")
    model = fasttext.train_supervised(
        str(train_file),
        lr=0.5,
        epoch=25,
        wordNgrams=2,
        dim=50,
        bucket=200_000,
        thread=available_cores(),
        verbose=0,
    )
    seconds = time.monotonic() - started
    _, precision, _ = model.test(str(_lines(preprocess, test, samples.classes, folder / "fasttext.test")))
    return seconds, float(precision)


def _lines(preprocess: TextPreprocess, samples: Samples[str], classes: list[str], path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for row, label in zip(preprocess.ragged(samples.items), samples.labels, strict=True):
            number = classes.index(samples.classes[label])
            file.write(f"__label__{number} {' '.join(map(str, row))}\n")
    return path


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lstm", nargs="*", default=["trec6:10", "agnews-small:1"])
    parser.add_argument("--ngrams", nargs="*", default=["trec6", "agnews-small"])
    chosen = parser.parse_args()
    for name in chosen.ngrams:
        with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
            compare_ngrams(name, Path(folder))
    for name, _, epochs in (entry.partition(":") for entry in chosen.lstm):
        with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
            compare_lstm(name, int(epochs or 3), Path(folder))
    for label, value, goal, at_least in bars:
        bar(label, value, goal, at_least=at_least)


if __name__ == "__main__":
    main()
