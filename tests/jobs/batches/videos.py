"""Small videos, made with PyAV."""

import io
from collections.abc import Sequence
from typing import Any

import av
import numpy as np

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
_IDENTITY = b"".join(n.to_bytes(4, "big", signed=True) for n in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))


def video(
    scenes: Sequence[tuple[str, float]],
    *,
    rate: int = 10,
    size: tuple[int, int] = (64, 48),
    container: str = "mp4",
    codec: str = "mpeg4",
) -> bytes:
    """A video of `(colour, seconds)` scenes; a colour may be two, for the left and the right half."""
    width, height = size
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for colours, seconds in scenes:
            left, _, right = colours.partition("|")
            pixels = np.empty((height, width, 3), np.uint8)
            pixels[:, : width // 2], pixels[:, width // 2 :] = COLOURS[left], COLOURS[right or left]
            for _ in range(round(seconds * rate)):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode())
    return buffer.getvalue()


def sound() -> bytes:
    """A file with sound alone."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as output:
        stream: Any = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return buffer.getvalue()


def turned(content: bytes) -> bytes:
    """The same MP4, said to have been taken with the camera held on its side: shown a quarter turned clockwise."""
    matrix = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    at = content.index(_IDENTITY, content.index(b"tkhd"))
    return content[:at] + matrix + content[at + 36 :]
