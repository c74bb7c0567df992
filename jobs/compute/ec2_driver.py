"""The compute driver of an installation that trains on EC2."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from jobs.compute.ec2 import Ec2Cloud
from jobs.compute.planning import Offer, Policy
from jobs.compute.reconciler import Cloud, step
from jobs.compute.rows import DatabaseLedger
from jobs.models import Fleet

# Longer than one pass takes with a few slow calls; a controller that died blocks the others no longer than this.
_LOCK = timedelta(seconds=90)


def current_policy() -> Policy:
    """The operator's limits, from the settings."""
    types = settings.FLASH_EC2_TYPES or [""]
    subnets = settings.FLASH_EC2_SUBNETS or [""]
    return Policy(
        launches=bool(settings.FLASH_EC2_LAUNCH_TEMPLATE),
        pool=settings.FLASH_EC2_POOL,
        idle_grace=settings.FLASH_IDLE_GRACE,
        boot_grace=settings.FLASH_BOOT_GRACE,
        # A worker reports when it looks for a job; one that has none stays quiet for the whole idle grace.
        silence=max(timedelta(minutes=3), settings.FLASH_IDLE_GRACE + timedelta(minutes=1)),
        hard_cap=settings.FLASH_UPTIME_CAP,
        offers=tuple(Offer(instance_type=kind, subnet=subnet) for kind in types for subnet in subnets),
    )


def current_cloud() -> Ec2Cloud:
    """EC2 as the settings name it."""
    return Ec2Cloud(
        tag=settings.FLASH_EC2_TAG,
        launch_template=settings.FLASH_EC2_LAUNCH_TEMPLATE,
        spot=settings.FLASH_EC2_SPOT,
        region=settings.FLASH_AWS_REGION,
        endpoint=settings.FLASH_AWS_ENDPOINT,
    )


class Ec2Driver:
    """Brings the tagged machines in line with the job rows."""

    name = "ec2"

    def __init__(self, cloud: Cloud | None = None) -> None:
        self._cloud = cloud

    def ensure(self, wanted: int) -> None:
        """One pass, unless another controller is at it. `wanted` is a hint: the rows are read again under the lock."""
        owner, now = uuid.uuid4().hex, timezone.now()
        if not Fleet.take_lock(owner=owner, now=now, until=now + _LOCK):
            return
        try:
            step(DatabaseLedger(), self._cloud or current_cloud(), now, current_policy())
        finally:
            Fleet.release_lock(owner=owner)
