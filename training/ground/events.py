"""Tells the parent process how the training goes: one JSON object per line."""

import io
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from training.ground.epochs import EpochFigures
from training.score import Score, score_fields

_SECONDS_BETWEEN_PROGRESS = 0.3
_MAX_WARNINGS = 50


class Events:
    """Writes events to `stream`; remembers the warnings for the report.

    Progress is told for the span of the whole that `span` set last, a few times a second at most.
    """

    def __init__(self, stream: TextIO, *, ends_at: float = 1.0) -> None:
        self._stream, self._ends_at = stream, ends_at
        self._started = self._span_started = time.monotonic()
        self._low, self._high = 0.0, 1.0
        self._last_told = -math.inf
        self.warnings: list[str] = []

    def muted(self) -> "Events":
        """Events that nobody hears, for a step within a step."""
        return Events(io.StringIO())

    def up_to(self, share: float) -> "Events":
        """The same for a step that is followed by others: its progress is that of the first `share` of the whole."""
        first = Events(self._stream, ends_at=share)
        first.warnings = self.warnings
        return first

    def progress_alone(self, low: float, high: float) -> "Events":
        """For a step within a step: nothing is told but its progress, from `low` to `high` of the current span."""
        return _ProgressAlone(self, low, high)

    def phase(self, name: str, low: float, high: float, detail: str | None = None) -> None:
        """A phase began; its progress covers the part from `low` to `high` of the whole."""
        self._low, self._high = low * self._ends_at, high * self._ends_at
        self._span_started = time.monotonic()
        self._last_told = -math.inf
        self._write("phase", phase=name, **({"detail": detail} if detail else {}))
        self.progress(0.0)

    def detail(self, name: str, detail: str) -> None:
        """What is going on in the phase `name`, which began before."""
        self._write("phase", phase=name, detail=detail)

    def progress(self, share: float) -> None:
        """`share` (0 to 1) of the current span is done."""
        now = time.monotonic()
        if now - self._last_told < _SECONDS_BETWEEN_PROGRESS and share < 1:
            return
        self._last_told = now
        whole = self._low + (self._high - self._low) * min(max(share, 0.0), 1.0)
        self._write("progress", progress=round(whole, 4), eta_seconds=self._eta(share, now))

    def _eta(self, share: float, now: float) -> float | None:
        spent = now - self._span_started
        if share < 0.02 or spent < 0.5:
            return None
        rest_of_span = spent * (1 - share) / share
        span = max(self._high - self._low, 1e-6)
        return round(rest_of_span + (spent + rest_of_span) * (1 - self._high) / span, 1)

    def epoch(self, figures: EpochFigures, epochs: int) -> None:
        """An epoch of `epochs` is over."""
        self._write("epoch", epochs=epochs, score=figures.score, **figures.to_json())

    def went_on(self, history: Sequence[EpochFigures]) -> None:
        """A training goes on after these epochs, which an earlier attempt has told of."""

    def trial(self, facts: Mapping[str, Any]) -> None:
        """How one of several trainings stands, see `training.search.trials.Trial.to_json`."""
        self._write("trial", **facts)

    def log(self, message: str) -> None:
        """Something worth knowing."""
        self._write("log", message=message)

    def warning(self, message: str) -> None:
        """Something that the user should see and that also goes to the report."""
        if len(self.warnings) < _MAX_WARNINGS and message not in self.warnings:
            self.warnings.append(message)
            self._write("warning", message=message)

    def result(self, score: Score, best_epoch: int) -> None:
        """The bundle is complete."""
        self._write("result", **score_fields(score), best_epoch=best_epoch)

    def early(self, score: Score) -> None:
        """RUN_DIR/early holds a bundle that can be used while the training goes on."""
        self._write("early", **score_fields(score))

    def error(self, code: str, message: str) -> None:
        """The training failed, for a reason that the user can act on."""
        self._write("error", code=code, message=message)

    def _write(self, kind: str, **facts: Any) -> None:
        clean = {name: _finite(value) for name, value in facts.items()}
        self._stream.write(json.dumps({"event": kind, **clean}, ensure_ascii=True, allow_nan=False) + "\n")
        self._stream.flush()


class _ProgressAlone(Events):
    def __init__(self, whole: Events, low: float, high: float) -> None:
        super().__init__(io.StringIO())
        self._whole, self._from, self._share = whole, low, high - low

    def progress(self, share: float) -> None:
        within = self._low + (self._high - self._low) * min(max(share, 0.0), 1.0)
        self._whole.progress(self._from + self._share * within)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
