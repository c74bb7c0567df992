"""Looks at the pictures of a zip: reads them ahead, and threads check them."""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from jobs.kinds.pictures.check import Verdict, check_picture
from jobs.kinds.pictures.plan import Planned
from jobs.kinds.pictures.seen import GOOD, LEFT_OUT, Seen
from jobs.kinds.pictures.thumbnails import Thumbnails
from jobs.uploads.archive import Archive
from jobs.uploads.findings import Notes
from training.ground.limits import MIB, Limits
from training.ground.picture_formats import HEAD_BYTES, picture_format

_THREADS = min(4, os.cpu_count() or 1)
_IN_FLIGHT_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True)
class Checked:
    """A picture, its bytes, whether it is decoded and a thumbnail was wanted, and what is said of it."""

    place: int
    picture: Planned
    data: bytes
    decoded: bool
    thumbnail: bool
    said: Future[Verdict] | Verdict

    @property
    def verdict(self) -> Verdict:
        """From the pool, as soon as it is there."""
        return self.said if isinstance(self.said, Verdict) else self.said.result()


class Looking:
    """Looks once at each of the pictures `planned`; `seen` is what is known of them by then.

    `earlier` is the text of an earlier `seen` of the same zip.
    """

    def __init__(
        self, archive: Archive, planned: Sequence[Planned], limits: Limits, notes: Notes, earlier: str = ""
    ) -> None:
        self._archive = archive
        self._limits = limits
        self._notes = notes
        self._planned = [picture for picture in planned if self._is_light(picture)]
        infos = [picture.entry.info for picture in self._planned]
        self.seen = Seen([(info.header_offset, info.CRC) for info in infos], earlier)

    def good(self, seconds: float, thumbnails: Thumbnails | None = None) -> Iterator[Checked]:
        """The usable pictures in the order of the zip; the others become notes.

        They are decoded until `seconds` have passed, after that their headers are read.
        """
        for checked in self._checked(seconds, thumbnails):
            verdict = checked.verdict
            if verdict.reason is None:
                if checked.decoded:
                    self.seen[checked.place] = GOOD
                if thumbnails is not None and verdict.data_uri is not None:
                    thumbnails.add(checked.picture.label, checked.picture.source, verdict.data_uri)
                yield checked
                continue
            self.seen[checked.place] = LEFT_OUT
            self._notes.skip(checked.picture.source, f"Left out: {verdict.reason}")
            if thumbnails is not None and checked.thumbnail:
                thumbnails.give_back(checked.picture.label)

    def _is_light(self, picture: Planned) -> bool:
        most = self._limits.max_picture_bytes
        if picture.entry.size <= most:
            return True
        self._notes.skip(
            picture.source, f"Left out: it is larger than {most / MIB:g} MB. Save a smaller copy."
        )
        return False

    def _checked(self, seconds: float, thumbnails: Thumbnails | None) -> Iterator[Checked]:
        """Every picture with its verdict. Reads ahead as far as threads and memory allow."""
        deadline = time.monotonic() + seconds
        waiting: deque[Checked] = deque()
        in_flight = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            for place, picture in enumerate(self._planned):
                if self.seen[place] == LEFT_OUT:
                    self._notes.skip(picture.source, "Left out, as it was when the zip was checked.")
                    continue
                decode = time.monotonic() < deadline
                waiting.append(self._begun(pool, place, picture, thumbnails, decode=decode))
                in_flight += len(waiting[-1].data)
                while waiting and (len(waiting) > 4 * _THREADS or in_flight > _IN_FLIGHT_BYTES):
                    in_flight -= len(waiting[0].data)
                    yield waiting.popleft()
            yield from waiting

    def _begun(
        self,
        pool: ThreadPoolExecutor,
        place: int,
        picture: Planned,
        thumbnails: Thumbnails | None,
        *,
        decode: bool,
    ) -> Checked:
        data = self._archive.read(picture.entry)
        thumbnail = thumbnails is not None and thumbnails.take(picture.label)
        if self.seen[place] == GOOD and not thumbnail:
            known = Verdict(None, picture_format(data[:HEAD_BYTES]) or "")
            return Checked(place, picture, data, decoded=True, thumbnail=False, said=known)
        suffix = picture.entry.suffix
        said = pool.submit(
            check_picture, data, self._limits, decode=decode, thumbnail=thumbnail, suffix=suffix
        )
        return Checked(place, picture, data, decode or thumbnail, thumbnail, said)
