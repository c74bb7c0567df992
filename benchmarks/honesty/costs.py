"""What the grouping of many samples costs against reading them, in processor time of one run."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
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

_SENTENCES, _PICTURES, _HALVED = 1_000_000, 50_000, 2_000
# Of 32 pixels: decoding takes no time, so that they would only lower what the others are measured against.
_TINY = "cifar10-5k"
_VOCABULARY, _LONGEST = 20_000, 128
Pixels = NDArray[np.uint8]


def costs() -> Iterator[tuple[str, float]]:
    """What it is measured against, and its share of that."""
    yield "tokenising", _of_sentences()
    yield from _of_pictures()


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


def _of_pictures() -> Iterator[tuple[str, float]]:
    """The photographs of all sets as they are, and two sets of fifty thousand made of them.

    Each of quarters of four others: hardly any is like another. Each of halves of two of 2,000: every half is there
    fifty times, and a fifth of the pictures are found to be relatives, which is far more than people bring.
    """
    contents = [
        sample.content for name in picture_sets() if name != _TINY for sample in of_file(name).learned
    ]
    random.Random(0).shuffle(contents)
    chunks: list[Pixels] = []
    decoding = _processor_seconds(
        lambda: chunks.extend(pixels for _, pixels, _ in decode_in_chunks(contents, PREPROCESS, 2))
    )
    each = decoding / len(contents)
    pixels, chance = np.concatenate(chunks), np.random.default_rng(0)
    yield "decoding-photographs", _grouped("photographs", len(pixels), chunks, each)
    quarters = (_mosaic(pixels, chance, count) for count in _parts(_PICTURES))
    yield "decoding-pictures-of-quarters", _grouped("pictures of quarters", _PICTURES, quarters, each)
    some = pixels[:_HALVED]
    halves = (_halves(some, chance, count) for count in _parts(_PICTURES))
    yield "decoding-pictures-of-halves", _grouped("pictures of halves", _PICTURES, halves, each)


def _parts(count: int) -> Iterator[int]:
    for first in range(0, count, CHUNK):
        yield min(CHUNK, count - first)


def _halves(pixels: Pixels, chance: np.random.Generator, count: int) -> Pixels:
    one, other = pixels[chance.integers(len(pixels), size=(2, count))]
    half = PREPROCESS.crop // 2
    return np.concatenate([one[:, :, :half], other[:, :, half:]], axis=2)


def _mosaic(pixels: Pixels, chance: np.random.Generator, count: int) -> Pixels:
    half = PREPROCESS.crop // 2
    above, below = (_halves(pixels, chance, count) for _ in range(2))
    return np.concatenate([above[:, :half], below[:, half:]], axis=1)


def _grouped(what: str, count: int, chunks: Iterable[Pixels], decoding_of_one: float) -> float:
    descriptors, first, describing = Descriptors(count), 0, 0.0
    for pixels in chunks:
        describing += _processor_seconds(partial(descriptors.add, first, pixels))
        first += len(pixels)
    grouping = _processor_seconds(lambda: sources_of(count, alike_pictures(descriptors, np.arange(count))))
    print(f"describing {count:,} {what}, for the finder of duplicates, too: {describing:.1f} s", flush=True)
    return _told(what, count, grouping, "decoding", decoding_of_one * count)


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _told(what: str, count: int, grouping: float, other: str, seconds: float) -> float:
    print(f"{count:,} {what}: grouping {grouping:.1f} s of processor, {other} {seconds:.1f} s", flush=True)
    return grouping / seconds
