"""What a video shows at each moment: shares of time, spans and the frames behind them, from its results."""

import base64
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

from jobs.batches.child.results import read
from jobs.batches.clock import clock

_LABELS, _FRAMES, _STEPS = 8, 6, 400


def summarise(results: Path, *, rate: float, thumbnails: Path) -> dict[str, Any]:
    """`seconds`, `frames_per_second`; `labels`, the commonest first, each with its `share` of the time, the `spans`
    [start, end] in seconds in which it is seen, and `frames` behind it; `minutes` with the share of each label.
    """
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    minutes: dict[int, Counter[str]] = defaultdict(Counter)
    count = 0
    for index, result in enumerate(read(results)):
        count += 1
        if "error" not in result:
            found[result["label"]].append((index, result["probability"]))
            minutes[int(result["seconds"] // 60)][result["label"]] += 1
    common = sorted(found, key=lambda label: -len(found[label]))[:_LABELS]
    return {
        "seconds": round(count / rate, 3),
        "frames_per_second": rate,
        "labels": [
            {
                "label": label,
                "share": round(len(found[label]) / count, 4),
                "spans": _spans([index for index, _ in found[label]], count, rate),
                "frames": _frames(found[label], rate, thumbnails),
            }
            for label in common
        ],
        "minutes": [
            {"minute": minute, "shares": {label: round(seen[label] / seen.total(), 4) for label in seen}}
            for minute, seen in sorted(minutes.items())
        ],
    }


def _spans(indices: list[int], count: int, rate: float) -> list[list[float]]:
    """Neighbours put together; of a long video in steps that a screen can show."""
    step = max(1, -(-count // _STEPS))
    places = sorted({index // step for index in indices})
    spans = []
    for _, run in groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        group = [place for _, place in run]
        end = min(count, (group[-1] + 1) * step)
        spans.append([round(group[0] * step / rate, 3), round(end / rate, 3)])
    return spans


def _frames(seen: list[tuple[int, float]], rate: float, thumbnails: Path) -> list[dict[str, Any]]:
    """The surest frame of each part of the time in which a label was seen."""
    parts = min(_FRAMES, len(seen))
    frames = []
    for part in range(parts):
        group = seen[part * len(seen) // parts : (part + 1) * len(seen) // parts]
        index, probability = max(group, key=lambda pair: pair[1])
        path = thumbnails / f"{index}.jpg"
        if path.is_file():
            image = "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()
            frames.append({"time": clock(index / rate), "probability": probability, "image": image})
    return frames
