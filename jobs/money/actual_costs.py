"""What a job has really taken: seconds and money for the boot, the training and the idle time of its machines.

The time that a machine is up belongs to the tries it ran, in equal shares of its boot and of its idle time; so the
receipts of all jobs add up to the bill.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs.models import Attempt, Job, Server, Uptime
from jobs.money import prices


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One try on one machine; `cost` None when its price was not known."""

    server: str
    started: datetime
    boot_seconds: float
    training_seconds: float
    idle_seconds: float
    price_per_hour: float | None
    final: bool

    @property
    def seconds(self) -> float:
        return self.boot_seconds + self.training_seconds + self.idle_seconds

    @property
    def cost(self) -> float | None:
        return None if self.price_per_hour is None else self.seconds * self.price_per_hour / 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """All tries of a job. Not `final` while a machine of theirs is still up: its idle time is not known yet."""

    lines: tuple[Line, ...]

    @property
    def boot_seconds(self) -> float:
        return sum(line.boot_seconds for line in self.lines)

    @property
    def training_seconds(self) -> float:
        return sum(line.training_seconds for line in self.lines)

    @property
    def idle_seconds(self) -> float:
        return sum(line.idle_seconds for line in self.lines)

    @property
    def seconds(self) -> float:
        return self.boot_seconds + self.training_seconds + self.idle_seconds

    @property
    def cost(self) -> float | None:
        costs = [line.cost for line in self.lines]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    @property
    def is_rented(self) -> bool:
        """Whether any try was on a machine that is started and stopped: only these have a start and idle time."""
        return any(line.server not in ("", prices.LOCAL) for line in self.lines)

    @property
    def final(self) -> bool:
        return all(line.final for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        return {
            "boot_seconds": round(self.boot_seconds, 1),
            "training_seconds": round(self.training_seconds, 1),
            "idle_seconds": round(self.idle_seconds, 1),
            "seconds": round(self.seconds, 1),
            "cost": None if self.cost is None else round(self.cost, 4),
            "currency": settings.FLASH_CURRENCY,
            "final": self.final,
            "tries": [
                {name: value for name, value in asdict(line).items() if name != "final"} | {"cost": line.cost}
                for line in self.lines
            ],
        }


def receipt_of(job: Job, now: datetime | None = None) -> Receipt:
    """The receipt so far. One query, one more where machines are started and stopped."""
    now = now or timezone.now()
    tries = list(Attempt.objects.filter(job=job).select_related("server", "uptime"))
    companions: dict[int, list[Attempt]] = {}
    ids = {row.uptime_id for row in tries if row.uptime_id is not None}
    for row in Attempt.objects.filter(uptime__in=ids) if ids else ():
        companions.setdefault(row.uptime_id or 0, []).append(row)
    return Receipt(lines=tuple(_line(row, companions.get(row.uptime_id or 0, []), now) for row in tries))


def _line(row: Attempt, companions: list[Attempt], now: datetime) -> Line:
    boot = idle = 0.0
    price, final = row.price_per_hour, row.finished is not None
    if row.uptime is not None:
        boot, idle = _shares(row.uptime, companions, now)
        price, final = row.uptime.price_per_hour, row.uptime.ended is not None
    return Line(
        server=prices.kind_of(row.server) if row.server else "",
        started=row.started,
        boot_seconds=boot,
        training_seconds=_seconds(row, now),
        idle_seconds=idle,
        price_per_hour=price,
        final=final,
    )


def _shares(uptime: Uptime, tries: Iterable[Attempt], now: datetime) -> tuple[float, float]:
    """Boot and idle seconds of an uptime for each of its tries."""
    rows = list(tries)
    until = uptime.ended or now
    boot = (min(row.started for row in rows) - uptime.began).total_seconds()
    trained = sum(_seconds(row, until) for row in rows)
    idle = (until - uptime.began).total_seconds() - boot - trained
    return max(0.0, boot) / len(rows), max(0.0, idle) / len(rows)


def _seconds(row: Attempt, until: datetime) -> float:
    return max(0.0, (min(row.finished or until, until) - row.started).total_seconds())


def note_uptimes(now: datetime, *, up_states: Collection[str]) -> None:
    """Opens a row for each machine that EC2 lists in one of `up_states`, closes those of the others. Four queries."""
    listed = Server.objects.filter(driver="ec2", state__in=up_states, launched__isnull=False)
    up = {row.pk: row for row in listed}
    for open_row in Uptime.objects.filter(ended=None):
        server = up.get(open_row.server_id)
        if server is None or server.launched != open_row.began:
            Uptime.objects.filter(pk=open_row.pk, ended=None).update(ended=now)
    known = set(Uptime.objects.filter(ended=None).values_list("server", flat=True))
    for server in up.values():
        if server.pk not in known:
            current_uptime(server)


def current_uptime(server: Server) -> Uptime | None:
    """The row of the time that `server` is up now; None for this machine, which is nobody's to start or stop."""
    if server.driver == prices.LOCAL or server.launched is None:
        return None
    kind = prices.kind_of(server)
    values = {"kind": kind, "price_per_hour": prices.price_per_hour(kind)}
    return Uptime.objects.get_or_create(server=server, began=server.launched, defaults=values)[0]
