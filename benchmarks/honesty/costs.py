"""What the grouping of many samples costs against reading them, in processor time of one run."""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.sets import PREPROCESS, TEXTS, of_file
from benchmarks.training_runs import picture_sets
from training.ground.samples import ContentIds, labelled
from training.ground.sources import sources_of
from training.kinds.pictures.decode import CHUNK, decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.likeness import alike_pictures
from training.kinds.sentences.alike.likeness import alike_sentences
from training.kinds.sentences.reading import sentence_sha256
from training.kinds.sentences.tokens import tokenise

_SENTENCES, _PICTURES, _DECODED = 1_000_000, 50_000, 2_000
_VOCABULARY, _LONGEST = 20_000, 128


def costs() -> Iterator[tuple[str, float]]:
    """What it is measured against, and its share of that."""
    yield "tokenising", _of_sentences()
    yield "decoding", _of_pictures()


def _of_sentences() -> float:
    """A million sentences, each of halves of two sentences of one set."""
    chance = random.Random(0)
    sets = [[sample.content for sample in of_file(name).learned] for name in TEXTS]
    made = []
    for _ in range(_SENTENCES):
        one, other = chance.sample(chance.choice(sets), 2)
        made.append(one[: len(one) // 2][:200] + other[len(other) // 2 :][:200])
    grouping = _processor_seconds(lambda: sources_of(len(made), alike_sentences(made, 2)))
    samples = labelled(made, [""] * len(made), ["a"] * len(made), ContentIds(sentence_sha256))
    tokenising = _processor_seconds(lambda: tokenise(samples, _VOCABULARY, _LONGEST))
    return _told("sentences", len(made), grouping, "tokenising", tokenising)


def _of_pictures() -> float:
    """Fifty thousand pictures, each of halves of two others."""
    contents = [sample.content for name in picture_sets() for sample in of_file(name).learned]
    contents = random.Random(0).sample(contents, min(_DECODED, len(contents)))
    chunks: list[NDArray[np.uint8]] = []
    decoding = _processor_seconds(
        lambda: chunks.extend(pixels for _, pixels, _ in decode_in_chunks(contents, PREPROCESS, 2))
    )
    decoding *= _PICTURES / len(contents)
    pixels, half = np.concatenate(chunks), PREPROCESS.crop // 2
    descriptors, chance, describing = Descriptors(_PICTURES), np.random.default_rng(0), 0.0
    for first in range(0, _PICTURES, CHUNK):
        one, other = chance.integers(len(pixels), size=(2, min(CHUNK, _PICTURES - first)))
        made = np.concatenate([pixels[one, :, :half], pixels[other, :, half:]], axis=2)
        describing += _processor_seconds(partial(descriptors.add, first, made))
    grouping = _processor_seconds(
        lambda: sources_of(_PICTURES, alike_pictures(descriptors, np.arange(_PICTURES)))
    )
    print(
        f"describing {_PICTURES:,} pictures, for the finder of duplicates, too: {describing:.1f} s",
        flush=True,
    )
    return _told("pictures", _PICTURES, grouping, "decoding", decoding)


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _told(what: str, count: int, grouping: float, other: str, seconds: float) -> float:
    print(f"{count:,} {what}: grouping {grouping:.1f} s of processor, {other} {seconds:.1f} s", flush=True)
    return grouping / seconds
