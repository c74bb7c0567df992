"""What a job will probably take, told before it is submitted: start, end and money, each with an error band."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from jobs import lanes
from jobs.models import Attempt, Job, Lane, Uptime
from jobs.money import caps, prices, slowdown
from jobs.money.estimates import Range, corrected, of_search, rough_seconds
from jobs.states import ACTIVE, RUNNING, JobStatus
from training.kinds import KINDS, Preset

NOTHING = Range(0.0, 0.0, 0.0)
# Seconds from the start of an instance until its worker has taken the first job, when none is on record.
_ROUGH_BOOT = Range(60.0, 120.0, 300.0)
_JOBS_SEEN = 30
_ENOUGH = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """An estimate. Times in seconds from `now`; `cost` None when the operator has set no price.

    `basis` is "history" or, without any past job like it, "rough"; `cap_seconds` is where it would be stopped.
    """

    basis: str
    past_jobs: int
    server: str
    lane: str
    now: datetime
    wait: Range
    boot: Range
    training: Range
    idle: Range
    cost: Range | None
    price_per_hour: float | None
    cap_seconds: float | None
    full: Range
    slowdown: float

    @property
    def undisturbed_seconds(self) -> float:
        """How long it will probably train where other programs leave it alone: what the queue goes by."""
        return self.training.expected / self.slowdown

    @property
    def start(self) -> Range:
        return self.wait + self.boot

    @property
    def end(self) -> Range:
        return self.start + self.training

    @property
    def is_cut(self) -> bool:
        """Whether it would probably be stopped by a cap before it is done."""
        return self.cap_seconds is not None and self.full.expected > self.cap_seconds

    def to_json(self) -> dict[str, Any]:
        return {
            "basis": self.basis,
            "past_jobs": self.past_jobs,
            "server": self.server,
            "lane": self.lane,
            "start": self._times(self.start),
            "end": self._times(self.end),
            "wait_seconds": self.wait.to_json(),
            "boot_seconds": self.boot.to_json(),
            "training_seconds": self.training.to_json(),
            "idle_seconds": self.idle.to_json(),
            "cost": self.cost.to_json() if self.cost else None,
            "currency": settings.FLASH_CURRENCY,
            "price_per_hour": self.price_per_hour,
            "cap_seconds": self.cap_seconds,
            "stopped_by_cap": self.is_cut,
            "slowdown": round(self.slowdown, 2),
        }

    def _times(self, span: Range) -> dict[str, str]:
        return {
            name: (self.now + timedelta(seconds=seconds)).isoformat(timespec="seconds")
            for name, seconds in span.to_json().items()
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    """A job that waits or runs (`due` None): how long it still takes, and whether the lane of short jobs is its own."""

    pk: int
    due: datetime | None
    left: Range
    is_short: bool


class Quoter:
    """Quotes of one moment: what they share is read once, so quoting three presets costs little more than one."""

    def __init__(self, *, now: datetime | None = None, kind: str | None = None) -> None:
        self.now = now or timezone.now()
        self.kind = kind or prices.expected_kind()
        self.price = prices.price_per_hour(self.kind)
        self._platform = caps.in_force()
        self._past: dict[str, list[dict[str, Any]]] = {}
        self._queue: list[_Waiting] | None = None
        self._boot: Range | None = None

    def quote(
        self,
        config: Mapping[str, Any],
        samples: int,
        *,
        lane: str = Lane.NOW,
        max_minutes: int | None = None,
    ) -> Quote:
        """The estimate for a job with this configuration (Recipe.to_json) and number of samples."""
        ratios = self._ratios(config)
        minutes = config.get("budget_minutes")
        # A search takes as long as it was given.
        slower = 1.0 if minutes else self._slowdown()
        rough = rough_seconds(config, samples, self.kind)
        full = of_search(minutes) if minutes else corrected(rough * slower, ratios)
        cap = caps.job_cap_seconds(self._platform, max_minutes, self.kind)
        training = full if cap is None else full.at_most(cap)
        boot, wait = self._boot_seconds(), self._queued_seconds(training.expected / slower)
        shares = lane == Lane.NEXT_START and boot is not NOTHING
        idle = NOTHING if self.kind == prices.LOCAL else _idle(shares)
        paid = (Range(0.0, boot.expected / 2, boot.high) if shares else boot) + training + idle
        if shares:
            latest = settings.FLASH_SHARED_START_WAIT.total_seconds()
            wait = wait + Range(0.0, latest / 2, latest)
        return Quote(
            basis="history" if ratios else "rough",
            past_jobs=len(ratios),
            server=self.kind,
            lane=str(lane),
            now=self.now,
            wait=wait,
            boot=boot,
            training=training,
            idle=idle,
            cost=None if self.price is None else paid * (self.price / 3600),
            price_per_hour=self.price,
            cap_seconds=cap,
            full=full,
            slowdown=slower,
        )

    def of_waiting(self, job: Job) -> tuple[Range, Range]:
        """Seconds until a waiting job begins, and until it ends."""
        training = _quoted(job.quote) or NOTHING
        expected = training.expected if job.expected_seconds is None else job.expected_seconds
        start = self._queued_seconds(expected, job.queued, job.pk) + self._boot_seconds()
        return start, start + training

    def needs_a_start(self) -> bool:
        """Whether a machine would have to be started for the job."""
        return self._boot_seconds() is not NOTHING

    def _slowdown(self) -> float:
        """Of this machine by other programs; of one that is rented nothing is known, and little is to be feared."""
        if self.kind != prices.LOCAL:
            return 1.0
        return slowdown.slowdown(sum(one.due is None for one in self._active()))

    def _ratios(self, config: Mapping[str, Any]) -> list[float]:
        """Real against guessed seconds of past jobs like this one: of its preset if there are enough."""
        rows = self._past_jobs(str(config["task"]), str(config["model"]))
        preset = config.get("preset") or ""
        alike = [row for row in rows if row["job__preset"] == preset]
        if preset == Preset.AUTO:
            return []
        # A search takes as long as it was given, whatever the machine.
        rows = [row for row in rows if row["job__preset"] != Preset.AUTO]
        return [_ratio(row, self.kind) for row in (alike if len(alike) >= _ENOUGH else rows)]

    def _past_jobs(self, task: str, model: str) -> list[dict[str, Any]]:
        if model not in self._past:
            done = Job.objects.filter(
                task_type=task,
                model_name=model,
                status=JobStatus.DEPLOYED,
                attempt=1,
                sample_count__gt=0,
            ).order_by("-finished")[: 10 * _JOBS_SEEN]
            tries = Attempt.objects.filter(job__in=done.values("pk"), outcome=JobStatus.DEPLOYED)
            on_this_kind = (
                tries.filter(server__driver=prices.LOCAL)
                if self.kind == prices.LOCAL
                else tries.filter(server__instance_type=self.kind)
            )
            fields = ("started", "finished", "job__config", "job__sample_count", "job__preset", "job__quote")
            self._past[model] = list(on_this_kind.order_by("-finished").values(*fields)[:_JOBS_SEEN])
        return self._past[model]

    def _queued_seconds(
        self, expected: float, queued: datetime | None = None, pk: int | None = None
    ) -> Range:
        """What a job that trains for about so long waits for: those that are due before it, over the machines.

        `queued` and `pk` are of one that waits already. A short one has a lane of its own on this machine.
        """
        due = lanes.due(queued or self.now, expected)
        ahead = [one for one in self._active() if one.pk != pk and (one.due is None or one.due <= due)]
        if self.kind == prices.LOCAL and lanes.has_short_lane() and lanes.is_short(expected):
            ahead = [one for one in ahead if one.is_short]
        machines = 1 if self.kind == prices.LOCAL else settings.FLASH_EC2_POOL
        return sum((one.left for one in ahead), NOTHING) * (1 / machines)

    def _active(self) -> list["_Waiting"]:
        """Jobs that wait or run, with the time that each still takes."""
        if self._queue is None:
            # Those of a kind that was taken away fail at once.
            rows = Job.objects.filter(status__in=ACTIVE, task_type__in=list(KINDS)).values_list(
                "pk", "status", "eta_seconds", "started", "quote", "config", "sample_count", "due"
            )
            self._queue = [self._waiting(*row) for row in rows[:1000]]
        return self._queue

    def _waiting(
        self,
        pk: int,
        status: str,
        eta: float | None,
        started: datetime | None,
        quote: Mapping[str, Any] | None,
        config: Mapping[str, Any],
        samples: int,
        due: datetime,
    ) -> "_Waiting":
        whole = _quoted(quote) or corrected(rough_seconds(config, samples, self.kind), ())
        is_short = lanes.is_short(whole.expected)
        if status not in RUNNING:
            return _Waiting(pk=pk, due=due, left=whole, is_short=is_short)
        return _Waiting(pk=pk, due=None, left=_left(whole, eta, started, self.now), is_short=is_short)

    def _boot_seconds(self) -> Range:
        if self._boot is None:
            self._boot = self._read_boot()
        return self._boot

    def _read_boot(self) -> Range:
        if self.kind == prices.LOCAL or Uptime.objects.filter(ended=None).exists():
            return NOTHING
        past = (
            Uptime.objects.filter(kind=self.kind)
            .annotate(first=Min("attempts__started"))
            .filter(first__isnull=False)
            .order_by("-began")
            .values_list("began", "first")[:_JOBS_SEEN]
        )
        ratios = [(first - began).total_seconds() / _ROUGH_BOOT.expected for began, first in past]
        return corrected(_ROUGH_BOOT.expected, ratios) if ratios else _ROUGH_BOOT


def left_of(job: Job, now: datetime | None = None) -> Range:
    """Seconds that a running job still takes: by how far it is, else by what was told; 0 where it is late. No query."""
    whole = _quoted(job.quote) or corrected(rough_seconds(job.config, job.sample_count), ())
    return _left(whole, job.eta_seconds, job.started, now or timezone.now())


def _left(whole: Range, eta: float | None, started: datetime | None, now: datetime) -> Range:
    if eta is not None:
        return Range(eta * 0.7, eta, eta * 1.5)
    gone = (now - started).total_seconds() if started else 0.0
    return Range(*(max(0.0, x - gone) for x in (whole.low, whole.expected, whole.high)))


def most_besides_training() -> float:
    """Seconds that a rented machine may be paid for before and after a job's training."""
    return _ROUGH_BOOT.high + _idle(shared=False).high


def _idle(shared: bool) -> Range:
    grace = float(settings.FLASH_IDLE_GRACE.total_seconds())
    return Range(0.0, grace / 2 if shared else grace, grace + 60)


def _ratio(row: Mapping[str, Any], kind: str) -> float:
    took = (row["finished"] - row["started"]).total_seconds()
    rough = rough_seconds(row["job__config"], row["job__sample_count"], kind)
    return float(max(took, 0.1) / (rough * (row["job__quote"] or {}).get("slowdown", 1.0)))


def _quoted(quote: Mapping[str, Any] | None) -> Range | None:
    told = (quote or {}).get("training_seconds")
    return Range(told["low"], told["expected"], told["high"]) if told else None
