"""The ledger in the database: what the reconciler reads and writes, in a bounded number of queries."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from jobs.compute.fleet import UP, Health, Instance, LaunchView, Offer, ServerView
from jobs.compute.reconciler import Snapshot
from jobs.models import Attempt, Fleet, Job, Launch, Server
from jobs.money import actual_costs, caps
from jobs.notices import alerts

# "" is a machine whose worker has reported before EC2 listed it.
_THERE = ("", "pending", "running", "stopping", "stopped")


class DatabaseLedger:
    """See jobs.compute.reconciler.Ledger. `adopts`: every machine with our tag is ours, not only what we launched."""

    def __init__(self, *, adopts: bool = True) -> None:
        self._adopts = adopts

    def snapshot(self, now: datetime) -> Snapshot:
        fleet = Fleet.current()
        running = Job.objects.running().filter(lease_until__gte=now)
        busy = set(running.values_list("server__name", flat=True))
        rows = list(Server.objects.filter(driver="ec2", state__in=_THERE))
        work = _last_work([row.pk for row in rows])
        return Snapshot(
            jobs_waiting=_waiting(now),
            jobs_running=running.filter(server__driver="ec2").count(),
            servers=[
                ServerView(
                    id=row.name,
                    heartbeat=row.heartbeat,
                    busy=row.name in busy,
                    last_work=work.get(row.pk),
                    start_asked=row.start_asked,
                    marked=row.marked,
                )
                for row in rows
            ],
            launches=[
                LaunchView(token=row.token, offer=row.offer, created=row.created, instance=row.instance_id)
                for row in Launch.objects.filter(closed=None)
            ],
            health=Health(
                backoff_until=fleet.backoff_until,
                blocked={key: datetime.fromisoformat(until) for key, until in fleet.blocked.items()},
                boot_failures=fleet.boot_failures,
                breaker_until=fleet.breaker_until,
                reason=fleet.reason,
            ),
            backoffs=fleet.backoffs,
        )

    def see(self, instances: Sequence[Instance], now: datetime) -> None:
        """Writes the listing down; a machine that is ours becomes a row."""
        launches = {row.token: row for row in Launch.objects.filter(closed=None)}
        listed = [instance.id for instance in instances]
        known = set(Server.objects.filter(driver="ec2", name__in=listed).values_list("name", flat=True))
        for instance in instances:
            ours = self._adopts or instance.token in launches
            values = {
                "driver": "ec2",
                "state": instance.state,
                "launched": instance.launched,
                "instance_type": instance.instance_type,
            }
            if ours or instance.id in known:
                Server.objects.update_or_create(name=instance.id, defaults=values)
        gone = Server.objects.filter(driver="ec2", state__in=(*_THERE, "shutting-down"))
        gone.exclude(name__in=listed).update(state="terminated")
        seen = [instance.token for instance in instances if instance.token in launches]
        Launch.objects.filter(token__in=seen).update(closed=now)
        actual_costs.note_uptimes(now, up_states=UP)

    def is_busy(self, instance: str, now: datetime) -> bool:
        return Job.objects.running().filter(lease_until__gte=now, server__name=instance).exists()

    def intend_start(self, instance: str, now: datetime) -> None:
        Server.objects.filter(name=instance).update(start_asked=now, stop_asked=None, stop_reason="")

    def intend_stop(self, instance: str, reason: str, now: datetime) -> None:
        Server.objects.filter(name=instance).update(stop_asked=now, stop_reason=reason[:200])

    def intend_launch(self, offer: Offer, token: str, now: datetime) -> None:
        Launch.objects.get_or_create(token=token, defaults={"offer": offer.key, "created": now})

    def launched(self, token: str, instance: str) -> None:
        Launch.objects.filter(token=token).update(instance_id=instance)

    def close_launch(self, token: str) -> None:
        Launch.objects.filter(token=token).update(closed=timezone.now())

    def mark(self, instance: str, now: datetime) -> None:
        Server.objects.get_or_create(name=instance, defaults={"driver": "ec2", "marked": now})

    def save_health(self, health: Health, backoffs: int) -> None:
        Fleet.objects.filter(pk=1).update(
            backoffs=backoffs,
            backoff_until=health.backoff_until,
            blocked={key: until.isoformat() for key, until in health.blocked.items()},
            boot_failures=health.boot_failures,
            breaker_until=health.breaker_until,
        )

    def explain(self, reason: str) -> None:
        Fleet.objects.filter(pk=1).exclude(reason=reason).update(reason=reason)

    def alert(self, kind: str, message: str, now: datetime) -> None:
        alerts.tell(kind, message, now)


def _waiting(now: datetime) -> int:
    """Jobs worth a machine: none once the day's budget is used up, and not those that share another's start."""
    if caps.day_is_used_up(caps.in_force(), now):
        return 0
    urgent = Job.objects.urgent(now, settings.FLASH_SHARED_START_WAIT).count()
    return urgent + Job.objects.lost(now).count()


def _last_work(servers: Sequence[int]) -> dict[int, datetime]:
    """When a try last began or ended on each server; two look-ups in an index, however many tries there were."""
    tries = Attempt.objects.filter(server=OuterRef("pk"))
    rows = Server.objects.filter(pk__in=servers).annotate(
        began=Subquery(tries.order_by("-started").values("started")[:1]),
        ended=Subquery(tries.exclude(finished=None).order_by("-finished").values("finished")[:1]),
    )
    return {
        row.pk: max(filter(None, (row.began, row.ended)))
        for row in rows
        if row.began is not None or row.ended is not None
    }
