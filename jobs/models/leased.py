"""What every row has that waits in a queue and is then held by one worker at a time."""

from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.utils import timezone

from jobs.states import StateMachine
from training.ground import log_lines

M = TypeVar("M", bound=models.Model)


class LeasedQuerySet(models.QuerySet[M]):
    """Reads by state, and the one way to change it."""

    @property
    def _machine(self) -> StateMachine:
        machine: StateMachine = self.model.machine  # type: ignore[attr-defined]  # every subclass of Leased has one
        return machine

    def queued(self) -> Self:
        """Rows that wait, the next one first."""
        order: str = self.model.QUEUE_ORDER  # type: ignore[attr-defined]  # every subclass of Leased has one
        return self.filter(status=self._machine.waiting).order_by(order, "pk")

    def running(self) -> Self:
        return self.filter(status__in=self._machine.running)

    def active(self) -> Self:
        return self.filter(status__in=self._machine.active)

    def lost(self, now: datetime) -> Self:
        """Running rows whose worker no longer renews its lease."""
        return self.running().filter(lease_until__lt=now)

    def transition(self, pk: int, to: str, *, held_by: int | None = None, **values: Any) -> bool:
        """Moves one row to `to` if it stands in a state that may lead there; False when somebody else was faster.

        With `held_by`, only the attempt that holds this fence may move it.
        """
        rows = self.filter(pk=pk, status__in=self._machine.sources_of(to))
        if held_by is not None:
            rows = rows.filter(fence=held_by)
        if to in self._machine.ended:
            values = {"finished": timezone.now(), "lease_until": None, "eta_seconds": None} | values
        return rows.update(status=to, **values) == 1


class Leased(models.Model):
    """The columns of the lease; the state itself is the subclass's, named `status`, with its `machine`."""

    machine: ClassVar[StateMachine]
    # The column by which waiting rows are taken.
    QUEUE_ORDER: ClassVar[str] = "queued"

    progress = models.FloatField(default=0.0, help_text="0 to 1; never goes backwards within an attempt.")
    eta_seconds = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why it failed, in a sentence for its owner.")
    cancel_requested = models.BooleanField(default=False)

    attempt = models.PositiveIntegerField(default=0, help_text="Tries that count against the job.")
    fence = models.PositiveIntegerField(
        default=0, help_text="Rises with every claim; a stale worker holds an old one."
    )
    lease_until = models.DateTimeField(null=True, blank=True)

    created = models.DateTimeField(default=timezone.now, db_index=True)
    queued = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    request_id = models.CharField(
        max_length=log_lines.MOST_CHARACTERS,
        blank=True,
        default=log_lines.request_id,
        db_default="",
        help_text="The request that asked for it, as the log lines of all processes have it.",
    )

    class Meta:
        abstract = True

    @classmethod
    def rows(cls) -> LeasedQuerySet[Self]:
        """All rows of this kind."""
        rows: LeasedQuerySet[Self] = cls._default_manager.all()  # type: ignore[assignment]
        return rows

    @property
    def is_active(self) -> bool:
        return self._status in self.machine.active

    @property
    def is_ended(self) -> bool:
        return self._status in self.machine.ended

    @property
    def _status(self) -> str:
        return str(getattr(self, "status"))  # noqa: B009  # declared in the subclass, with its own words

    def queue_position(self) -> int | None:
        """How many start before this one, plus one; None when it does not wait. One query."""
        if self._status != self.machine.waiting:
            return None
        order, own = self.QUEUE_ORDER, getattr(self, self.QUEUE_ORDER)
        before = models.Q((f"{order}__lt", own)) | models.Q((order, own), pk__lt=self.pk)
        return self.rows().queued().filter(before).count() + 1
