"""What the first page of the admin tells at a glance; a fixed number of queries, whatever there is."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from jobs.models import Dataset, Job, PlatformStatus, Server
from jobs.money import caps, prices
from jobs.money.kept_estimates import kept_estimates
from jobs.states import ACTIVE, RUNNING, JobStatus
from modelstore.models import CleanupPolicy, PruneState, SharedPart, Tombstone, TrainedModel

_SHOWN = 8
_FIGURES_SECONDS = 60
_ALIVE = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFigures:
    """A server and what it costs; `price` an hour, None where it is not known or it is off."""

    server: Server
    alive: bool
    price: float | None


def operations() -> dict[str, Any]:
    """The platform of this moment, for the template."""
    now = timezone.now()
    counts = Job.objects.filter(status__in=ACTIVE).aggregate(
        queued=Count("pk", filter=Q(status=JobStatus.QUEUED)),
        running=Count("pk", filter=Q(status__in=RUNNING)),
    )
    oldest = Job.objects.filter(status=JobStatus.QUEUED).aggregate(first=Min("queued"))["first"]
    jobs = Job.objects.defer("config").select_related("server")
    machines = _machines(now)
    recent_failures = Job.objects.filter(status=JobStatus.FAILED, created__gte=now - timedelta(days=1))
    return {
        "now": now,
        "platform": PlatformStatus.current(),
        "counts": counts,
        "oldest": oldest,
        "running": jobs.running().order_by("pk")[:_SHOWN],
        "waiting": jobs.queued()[:_SHOWN],
        "failures": jobs.filter(status=JobStatus.FAILED).order_by("-created")[:_SHOWN],
        "failed_today": recent_failures.count(),
        "machines": machines,
        "today": caps.usage_today(now, reserved=False),
        "currency": settings.FLASH_CURRENCY,
        "estimates": kept_estimates(),
        "rents": settings.FLASH_COMPUTE != prices.LOCAL
        or any(machine.server.driver != prices.LOCAL for machine in machines),
        "disk": _disk(),
        "stored": cache.get_or_set("operations-stored", _stored, _FIGURES_SECONDS),
        "policy": CleanupPolicy.current(),
        "prune": PruneState.objects.filter(pk=1).first(),
        "damaged": TrainedModel.objects.damaged().only("task_name").order_by("-pk")[:_SHOWN],
        "stuck_files": Tombstone.objects.filter(failures__gt=0).count(),
    }


def _machines(now: datetime) -> list[ServerFigures]:
    """Those that are on, or were heard of today; newest heartbeat first."""
    seen = Q(heartbeat__gte=now - timedelta(days=1)) | Q(state__in=["pending", "running"])
    # A machine that trains renews its job's lease; its own heartbeat tells of its last claim only.
    busy = set(Job.objects.running().filter(lease_until__gt=now).values_list("server_id", flat=True))
    found = []
    for server in Server.objects.filter(seen).order_by("-heartbeat")[:_SHOWN]:
        heard = server.heartbeat is not None and now - server.heartbeat < _ALIVE
        alive = heard or server.pk in busy
        on = alive or server.state in ("pending", "running")
        price = prices.price_per_hour(prices.kind_of(server)) if on else None
        found.append(ServerFigures(server=server, alive=alive, price=price))
    return found


def _stored() -> dict[str, Any]:
    """Sums over all rows: made once a minute, for they read an index from end to end."""
    models = TrainedModel.objects.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    shared = SharedPart.objects.aggregate(size=Sum("size_bytes"))
    models["size"] = (models["size"] or 0) + (shared["size"] or 0)
    data = Dataset.objects.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    pinned = TrainedModel.objects.filter(pinned=True).count()
    return {"models": models, "datasets": data, "pinned": pinned}


def _disk() -> dict[str, Any] | None:
    """The disk below the files of this machine; None where it does not tell."""
    folder = next((path for path in [Path(settings.FLASH_VAR_DIR), Path("/")] if path.exists()), Path("/"))
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return {"free": usage.free, "total": usage.total, "share": 1 - usage.free / usage.total, "folder": folder}
