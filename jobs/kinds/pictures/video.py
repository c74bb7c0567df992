"""The frames of a video that are on screen at regular moments; decoded by PyAV (FFmpeg)."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image

from jobs.batches.child.items import Item, Source
from jobs.batches.clock import clock
from jobs.kinds.pictures.timeline import summarise
from jobs.kinds.pictures.video_format import video_format
from jobs.uploads.errors import UploadRefused
from training.ground.limits import Limits

THUMBNAILS = "thumbnails"
_THUMBNAIL = (160, 160)
_MICROSECOND = Fraction(1, av.time_base)


class Video(Source):
    """Frames to predict: at moment k / `rate` the last frame that has begun, so that shares of frames are shares of
    time, whatever the distances between frames are. Small copies of them go to `folder`. Raises UploadRefused.
    """

    columns: tuple[str, ...] = ("seconds", "time")

    def __init__(self, path: Path, limits: Limits, rate: float, folder: Path, threads: int = 1) -> None:
        self._path = path
        self._limits = limits
        self._rate = rate
        self._folder = folder / THUMBNAILS
        self._threads = threads
        self._warnings: list[str] = []
        with path.open("rb") as file:
            self._format = video_format(file.read(16))
        with self._opened() as (container, stream):
            duration = _duration(container, stream)
            self._check_pixels(stream.codec_context.width, stream.codec_context.height)
        if duration is not None:
            self._check_length(float(duration))
        self.total = max(1, int((duration or 0) * Fraction(rate)))

    def items(self, start: int) -> Iterator[Item]:
        """The frames from number `start` on."""
        self._folder.mkdir(exist_ok=True)
        number = start
        for frame in self._samples(start):
            picture = _upright(frame)
            self._keep_small(number, picture)
            encoded = io.BytesIO()
            picture.save(encoded, "BMP")  # costs a copy; the model's own preprocessing does the rest
            seconds = round(number / self._rate, 3)
            yield Item({"seconds": seconds, "time": clock(seconds)}, encoded.getvalue(), made_here=True)
            number += 1
        if not number:
            raise UploadRefused(
                "The video has no frames that can be read. Save it again as MP4 and send that.", status=422
            )

    def summary(self, results: Path) -> dict[str, Any]:
        """The timeline for the page and the API."""
        timeline = summarise(results, rate=self._rate, thumbnails=self._folder)
        return {**timeline, "warnings": self._warnings}

    def _samples(self, start: int) -> Iterator[Any]:
        """One frame for each moment from number `start` on."""
        number, held, end = start, None, 0.0
        try:
            for frame in self._frames(start / self._rate):
                if frame.time is None:
                    continue
                self._check_pixels(frame.width, frame.height)
                moment = frame.time
                self._check_length(moment)
                while held is not None and number / self._rate < moment:
                    yield held
                    number += 1
                held, end = frame, moment + float((frame.duration or 0) * (frame.time_base or 0))
        except av.FFmpegError as error:
            if held is None:
                raise _damaged() from error
            self._warnings.append(f"The video is damaged after {clock(end)}; what came before was used.")
        while held is not None and (number / self._rate < end or number == 0):
            yield held
            number += 1

    def _frames(self, seconds: float) -> Iterator[Any]:
        """Decoded frames, from one at or before `seconds` on."""
        if seconds > 0:
            with self._opened() as (container, stream):
                try:
                    container.seek(int(seconds / stream.time_base), stream=stream)
                    frames = container.decode(stream)
                    first = next(frames, None)
                except av.FFmpegError:
                    first = None
                # Some files cannot be sought; then all is decoded anew.
                if first is not None and first.time is not None and first.time <= seconds:
                    yield first
                    yield from frames
                    return
        with self._opened() as (container, stream):
            yield from container.decode(stream)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        try:
            # With the format given, nothing is guessed; and whatever a file refers to, only files could be opened.
            container = av.open(
                str(self._path),
                format=self._format,
                options={"protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        except (av.FFmpegError, ValueError) as error:
            raise _damaged() from error
        with container:
            if not container.streams.video and not container.streams.audio:
                raise _damaged()
            if not container.streams.video:
                raise UploadRefused(
                    "The file has only sound, no video. Send a video.",
                    status=415,
                    code="wrong_kind",
                )
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise UploadRefused(
                    "The video is compressed in a way that is not supported. Save it as MP4 (H.264) and send that.",
                    status=415,
                    code="wrong_kind",
                )
            # The decoder itself refuses larger frames, which may come at any place, before it makes room for them.
            stream.codec_context.options = {"max_pixels": str(self._limits.max_video_pixels)}
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = self._threads
            yield container, stream

    def _check_pixels(self, width: int, height: int) -> None:
        most = self._limits.max_video_pixels
        if width * height > most:
            raise UploadRefused(
                f"The video has {width} x {height} pixels; at most {most:,} are allowed. Save a smaller copy.",
                status=413,
            )

    def _check_length(self, seconds: float) -> None:
        limits = self._limits
        if seconds > limits.max_video_seconds:
            raise UploadRefused(
                f"The video is longer than {limits.max_video_seconds / 60:.4g} minutes. Send it in parts.",
                status=413,
            )
        if seconds * self._rate > limits.max_video_frames:
            fewer = limits.max_video_frames / seconds
            raise UploadRefused(
                f"That would be more than {limits.max_video_frames:,} frames. "
                f"Look at fewer frames a second: {fewer:.2g} at most for this video.",
                status=413,
            )

    def _keep_small(self, number: int, picture: Image.Image) -> None:
        small = picture.copy()
        small.thumbnail(_THUMBNAIL)
        small.save(self._folder / f"{number}.jpg", "JPEG", quality=70)


def _duration(container: Any, stream: Any) -> Fraction | None:
    """Seconds, as the file says."""
    if container.duration:
        return Fraction(container.duration * _MICROSECOND)
    return Fraction(stream.duration * stream.time_base) if stream.duration else None


def _upright(frame: Any) -> Image.Image:
    picture: Image.Image = frame.to_image()
    # Telephones store what they see and write down how they were held.
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _damaged() -> UploadRefused:
    return UploadRefused("The video is damaged or cut short. Save it again as MP4 and send that.", status=400)
