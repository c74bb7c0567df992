"""Applies the trainer's events to the job's rows; unknown kinds are ignored, so that both sides may grow."""

import math
import time
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from jobs.models import Epoch, Job, JobEvent
from jobs.queue import lifecycle
from training.score import ACCURACY

_PROGRESS_SECONDS = 0.5


class EventLog:
    """Takes one event after another; `error` holds the sentence of an error event."""

    def __init__(self, job: Job) -> None:
        self.error = ""
        self._job = job
        self._last_progress = 0.0

    def take(self, event: dict[str, Any]) -> None:
        """Applies one event. Raises LeaseLost when the job is no longer this attempt's."""
        handler = getattr(self, f"_take_{event.get('event')}", None)
        if handler is None:
            return
        try:
            handler(event)
        except (OperationalError, InterfaceError):
            # Figures on a page are not worth a job: the next event comes on a fresh connection.
            connection.close()

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

    def _take_log(self, event: dict[str, Any]) -> None:
        lifecycle.note(job=self._job, kind=JobEvent.Kind.LOG, message=str(event.get("message", "")))

    def _take_warning(self, event: dict[str, Any]) -> None:
        lifecycle.note(job=self._job, kind=JobEvent.Kind.WARNING, message=str(event.get("message", "")))

    def _take_error(self, event: dict[str, Any]) -> None:
        self.error = str(event.get("message") or "Training failed.")


def _number(value: Any) -> float | None:
    """A finite float, or None: JSON has no NaN and the database takes none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
