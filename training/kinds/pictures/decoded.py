"""The pictures of a data set at one size: decoded once, and each network's features of them computed once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ground.ahead import Ahead
from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.ground.prepared import Prepared
from training.ground.run import Run
from training.ground.samples import Parts, Samples, check_classes
from training.kinds.pictures.decode import Decoded, decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.preprocess import PicturePreprocess

PICTURES_FILE = "pictures.npy"
_CHUNKS_AHEAD = 8
_EXAMPLES = 8
# Of pictures that are at hand, so many go through a network at once.
_AT_ONCE = 256
Made = TypeVar("Made")
Extract = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Usable:
    """The pictures that can be read: `places` [N] are theirs among all, `skipped` says what is wrong with others.

    `sources` [N] says which come from one source, where that was looked for.
    """

    samples: Samples[Any]
    places: NDArray[np.int64]
    skipped: tuple[dict[str, str], ...]
    sources: NDArray[np.int64] | None = None

    def among(self, parts: Parts) -> Parts:
        """Of indices among all pictures, those of pictures that can be read, as indices among these."""
        train, validation = (
            np.searchsorted(self.places, part[np.isin(part, self.places)]).astype(np.int64) for part in parts
        )
        return train, validation


class Pictures:
    """All pictures of `samples` as `preprocess` makes them; decoding begins with `begin`.

    They pass by in chunks; they are kept, in memory or in a file, only where somebody needs them all, or where
    `prepared` lasts.
    """

    def __init__(self, samples: Samples[Any], preprocess: PicturePreprocess, prepared: Prepared) -> None:
        self.samples, self.preprocess = samples, preprocess
        self.descriptors = Descriptors(len(samples.items))
        # The first pictures that can be read, uint8 [8, S, S, 3] at most.
        self.examples = np.zeros((0, preprocess.crop, preprocess.crop, 3), np.uint8)
        self._prepared = prepared
        self._unreadable: list[tuple[int, str]] = []
        self._ahead: Ahead[Decoded] | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._features: dict[str, NDArray[np.float32]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.samples.items)

    def begin(self, threads: int) -> None:
        """Start decoding in the background, unless that is done."""
        if self._ahead is None and self._pixels is None:
            chunks = decode_in_chunks(self.samples.items, self.preprocess, threads)
            self._ahead = Ahead(self._described(chunks), _CHUNKS_AHEAD)

    def pixels(self, run: Run, *, on_disk: bool = False) -> NDArray[np.uint8]:
        """All of them, uint8 [N, S, S, 3], in memory or, when they are many or `on_disk`, in a file of the run.

        What cannot be read keeps its place, for the file may be larger than memory.
        """
        known = self._pixels
        if known is not None and (isinstance(known, np.memmap) or not on_disk):
            return known
        pixels = self._room(run, on_disk=on_disk)
        if known is not None:
            pixels[:] = known
        else:
            for first, chunk in self._decoded(run):
                pixels[first : first + len(chunk)] = chunk
                run.events.progress((first + len(chunk)) / self.count)
        self._pixels = pixels
        return pixels

    def features(
        self, name: str, extract: Extract, run: Run, *, events: Events | None = None, in_time: bool = False
    ) -> NDArray[np.float32]:
        """What `extract` gives for all of them, [N, F]; `name` says which network that is.

        With `in_time` of as many as the time allowed suffices for.
        """
        known = self._features.get(name)
        if known is not None:
            return known
        features, done = np.zeros((0, 0), np.float32), 0
        for first, chunk in self._chunks(run):
            run.control.check()
            if in_time and run.control.out_of_time:
                break
            with run.phases.time("features"):
                some = extract(chunk)
                if not done:
                    # Parts that are put together at last would take twice the room.
                    features = np.empty((self.count, *some.shape[1:]), some.dtype)
                done = first + len(some)
                features[first:done] = some
            (events or run.events).progress((first + len(chunk)) / self.count)
        features = features[:done]
        if self._prepared.lasting and len(features) == self.count:
            self._features[name] = features
        return features

    def graph(self, name: str, make: Callable[[], Any]) -> Any:
        """The graph of the network `name` for pictures of this size, made once where others will ask for it."""
        return self._shared(("graph", name), make)

    def sources(self, make: Callable[[], NDArray[np.int64]]) -> NDArray[np.int64]:
        """Which of those that can be read come from one source [N], found once where others will ask for it."""
        return self._shared(("sources",), make)

    def _shared(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        if not self._prepared.lasting:
            return make()
        return self._prepared.once((*key, self.preprocess.crop), make)

    def usable(self, events: Events) -> Usable:
        """What can be read, once all have been decoded; raises TrainingFailed when no classifier can be made of it."""
        samples, unreadable = self.samples, self._unreadable
        skipped = tuple({"source": samples.places[i], "reason": reason} for i, reason in unreadable)
        if len(skipped) == self.count:
            raise TrainingFailed(
                "dataset_unreadable",
                f"None of the {len(skipped):,} pictures can be read; the first is "
                f"{skipped[0]['source'][:80]}: {skipped[0]['reason']}. Save them as JPEG or PNG and upload them again.",
            )
        if skipped:
            names = ", ".join(item["source"][:80] for item in skipped[:3])
            names += ", ..." if len(skipped) > 3 else ""
            events.warning(
                f"{len(skipped):,} {'picture' if len(skipped) == 1 else 'pictures'} could not be read, so "
                f"{'it was' if len(skipped) == 1 else 'they were'} left out: {names}."
            )
        places = np.setdiff1d(np.arange(self.count), np.array([i for i, _ in unreadable], np.int64))
        samples = samples.keep(places.tolist()) if skipped else samples
        check_classes(samples, "pictures", events)
        return Usable(samples=samples, places=places, skipped=skipped)

    def _chunks(self, run: Run) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """All pictures in order; kept on their way where that will save work."""
        if self._pixels is None and not self._prepared.lasting:
            yield from self._decoded(run)
            return
        pixels = self.pixels(run)
        for first in range(0, len(pixels), _AT_ONCE):
            yield first, pixels[first : first + _AT_ONCE]

    def _decoded(self, run: Run) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Decode them; afterwards it is known which cannot be read."""
        self.begin(run.machine.cores)
        assert self._ahead is not None
        chunks, self._ahead = iter(self._ahead), None
        self._unreadable, self.examples = [], self.examples[:0]
        while True:
            with run.phases.time("decode"):
                decoded = next(chunks, None)
            if decoded is None:
                return
            run.control.check()
            if run.control.out_of_time:
                raise TrainingFailed(
                    "deadline_exceeded",
                    "The time allowed ran out while the pictures were prepared. Use fewer pictures or a smaller "
                    "model, or ask the operator for more time.",
                )
            first, pixels, refused = decoded
            self._look(first, pixels, refused)
            yield first, pixels

    def _described(self, chunks: Iterator[Decoded]) -> Iterator[Decoded]:
        """The same chunks; their pictures are described in the thread that decodes, which the reader waits for less."""
        for first, pixels, refused in chunks:
            self.descriptors.add(first, pixels, [index for index, _ in refused])
            yield first, pixels, refused

    def _look(self, first: int, pixels: NDArray[np.uint8], refused: list[tuple[int, str]]) -> None:
        bad = [index for index, _ in refused]
        self._unreadable += refused
        if (missing := _EXAMPLES - len(self.examples)) > 0:
            readable = np.setdiff1d(np.arange(len(pixels)), np.array(bad, np.int64) - first)
            self.examples = np.concatenate([self.examples, pixels[readable[:missing]]])

    def _room(self, run: Run, *, on_disk: bool) -> NDArray[np.uint8]:
        side = self.preprocess.crop
        shape = (self.count, side, side, 3)
        size = int(np.prod(shape, dtype=np.int64))
        if not on_disk and size <= run.machine.picture_memory_mb * 1024**2:
            return np.empty(shape, np.uint8)
        path = run.folder / PICTURES_FILE
        self._prepared.remove_later(path)
        pixels: NDArray[np.uint8] = np.lib.format.open_memmap(path, "w+", np.dtype(np.uint8), shape)
        return pixels
