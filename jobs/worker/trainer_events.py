"""Applies the trainer's events to the job's rows."""

import math
import time
from typing import Any

from jobs.models import Epoch, Job, JobEvent
from jobs.queue import lifecycle
from jobs.worker.attempt import apply_event
from training.score import ACCURACY

_PROGRESS_SECONDS = 0.5


class EventLog:
    """Takes one event after another; `error` holds the sentence of an error event."""

    def __init__(self, job: Job) -> None:
        self.error = ""
        self._job = job
        self._last_progress = 0.0
        self._handlers = {
            "phase": self._take_phase,
            "progress": self._take_progress,
            "epoch": self._take_epoch,
            "trial": self._take_trial,
            "log": self._take_log,
            "warning": self._take_warning,
            "error": self._take_error,
        }

    def take(self, event: dict[str, Any]) -> None:
        """Applies one event. Raises LeaseLost when the job is no longer this attempt's."""
        apply_event(self._handlers, event)

    def _take_phase(self, event: dict[str, Any]) -> None:
        lifecycle.record_phase(job=self._job, phase=str(event.get("phase", "")))
        if detail := event.get("detail"):
            lifecycle.note(job=self._job, kind=JobEvent.Kind.PHASE, message=str(detail))

    def _take_progress(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last_progress < _PROGRESS_SECONDS:
            return
        self._last_progress = now
        lifecycle.record_progress(
            job=self._job,
            progress=_number(event.get("progress")) or 0.0,
            eta_seconds=_number(event.get("eta_seconds")),
        )

    def _take_epoch(self, event: dict[str, Any]) -> None:
        figures = {name: _number(event.get(name)) for name in Epoch.FIGURES}
        figures["planned"] = _number(event.get("epochs"))
        score = str(event.get("score") or ACCURACY)
        if score != ACCURACY:
            figures["val_score"] = _number(event.get(f"val_{score}"))
        lifecycle.record_epoch(job=self._job, epoch=int(event["epoch"]), figures=figures, score=score)

    def _take_trial(self, event: dict[str, Any]) -> None:
        lifecycle.record_trial(job=self._job, facts=event)

    def _take_log(self, event: dict[str, Any]) -> None:
        lifecycle.note(job=self._job, kind=JobEvent.Kind.LOG, message=str(event.get("message", "")))

    def _take_warning(self, event: dict[str, Any]) -> None:
        lifecycle.note(job=self._job, kind=JobEvent.Kind.WARNING, message=str(event.get("message", "")))

    def _take_error(self, event: dict[str, Any]) -> None:
        self.error = str(event.get("message") or "Training failed.")


def _number(value: Any) -> float | None:
    """A finite float, or None: JSON has no NaN and the database takes none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
