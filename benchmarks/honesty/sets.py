"""The sets of the data folder, ways to learn from one part and measure on the other, and what both have in common."""

import csv
import io
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.versions import VERSIONS, paraphrased, reworked
from benchmarks.training_runs import DATA, picture_sets, pictures_of, run_dir, train
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.sources import Links, sources_of
from training.ground.split import stratified_split
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.likeness import alike_pictures
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.alike.likeness import alike_sentences

TEXTS = tuple(sorted(path.parent.name for path in (DATA / "text").glob("*/train.csv")))
ALL = (*TEXTS, *picture_sets())
# Of so many sentences or pictures five versions each are learned from.
SENTENCES, PICTURES = 1_500, 150
# Pictures are compared at the size that most networks take.
PREPROCESS = PicturePreprocess(224, 224, whole=True)
_SHARE = 0.8


class Sample(NamedTuple):
    """A sentence, or the bytes of a picture, and its class."""

    label: str
    content: Any


class Parts(NamedTuple):
    """What is learned from, and what is measured on."""

    learned: list[Sample]
    test: list[Sample]


def of_file(name: str) -> Parts:
    """The set's own files."""
    if name in TEXTS:
        return Parts(*(_rows(DATA / "text" / name / f"{part}.csv") for part in ("train", "test")))
    return Parts(*(_pictures(DATA / "images" / name / f"{part}.zip") for part in ("train", "test")))


def of_split(name: str) -> Parts:
    """Both files put together and split by sources."""
    whole = of_file(name)
    samples = [*whole.learned, *whole.test]
    labels = np.unique([sample.label for sample in samples], return_inverse=True)[1].astype(np.int64)
    parts = stratified_split(labels, _SHARE, 7, sources_of(len(samples), links(name, samples)))
    return Parts(*([samples[i] for i in part] for part in parts))


def of_versions(name: str) -> Parts:
    """Five versions of each of some samples to learn from, and the set's own test file."""
    learned, test = of_file(name)
    chance = random.Random(0)
    some = chance.sample(learned, min(SENTENCES if name in TEXTS else PICTURES, len(learned)))
    return Parts([made for sample in some for made in versions(name, sample, chance)], test)


def versions(name: str, sample: Sample, chance: random.Random) -> list[Sample]:
    """Five versions of a sample; the first is the sample itself."""
    change = paraphrased if name in TEXTS else reworked
    others = [Sample(sample.label, change(sample.content, chance)) for _ in range(VERSIONS - 1)]
    return [sample, *others]


def links(name: str, samples: Sequence[Sample]) -> Links:
    """What is alike among samples, as a training finds it."""
    contents = [sample.content for sample in samples]
    if name in TEXTS:
        return alike_sentences(contents, 2)
    descriptors = Descriptors(len(contents))
    for first, pixels, _ in decode_in_chunks(contents, PREPROCESS, 2):
        descriptors.add(first, pixels)
    return alike_pictures(descriptors, np.arange(len(contents)))


def relatives(name: str, parts: Parts) -> NDArray[np.bool_]:
    """Which of the test samples share a source with something that was learned from."""
    count = len(parts.learned)
    samples = [*parts.learned, *parts.test]
    sources = sources_of(len(samples), links(name, samples))
    return np.isin(sources[count:], sources[:count])


def trained(name: str, parts: Parts, preset: str) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """The report of a training, and which of the test samples its model gets right."""
    task = "textclassification" if name in TEXTS else "imageclassification"
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as folder:
        run = run_dir(Path(folder), task, {"preset": preset})
        write_samples(name, run / "data", parts.learned)
        report = train(run).report
        classifier = OnnxClassifier(run / "bundle", 2)
        # Batches are padded to their longest sentence.
        order = np.argsort([len(sample.content) for sample in parts.test], kind="stable")
        right = np.zeros(len(order), bool)
        for first in range(0, len(order), 64):
            some = order[first : first + 64]
            best = classifier.predict([parts.test[i].content for i in some]).argmax(axis=1)
            answers = [classifier.manifest.classes[i] for i in best]
            right[some] = [answer == parts.test[i].label for answer, i in zip(answers, some, strict=True)]
        return report, right


def _rows(path: Path) -> list[Sample]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Sample(row["label"], row["input"]) for row in csv.DictReader(file)]


def _pictures(path: Path) -> list[Sample]:
    return [Sample(label, data) for label, _, data in pictures_of(path)]


def write_samples(name: str, folder: Path, samples: Sequence[Sample]) -> None:
    """Write samples of a set as an upload has them."""
    (_write_rows if name in TEXTS else _write_pictures)(folder, samples)


def _write_rows(folder: Path, samples: Sequence[Sample]) -> None:
    folder.mkdir(parents=True)
    table = io.StringIO()
    csv.writer(table).writerows([("input", "label"), *((text, label) for label, text in samples)])
    (folder / "data.csv").write_text(table.getvalue(), encoding="utf-8", newline="")


def _write_pictures(folder: Path, samples: Sequence[Sample]) -> None:
    for number, (label, data) in enumerate(samples):
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / f"{number:06}.jpg").write_bytes(data)
