"""The compute driver of an installation that trains on EC2."""

import logging
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from jobs.compute.fleet import Offer, Policy
from jobs.compute.reconciler import LOCK, Cloud, Superseded, step
from jobs.compute.rows import DatabaseLedger
from jobs.models import Fleet

if TYPE_CHECKING:
    from jobs.compute.ec2 import Ec2Cloud

logger = logging.getLogger(__name__)


def current_policy() -> Policy:
    """The operator's limits, from the settings."""
    types = settings.FLASH_EC2_TYPES or [""]
    subnets = settings.FLASH_EC2_SUBNETS or [""]
    return Policy(
        launches=bool(settings.FLASH_EC2_LAUNCH_TEMPLATE),
        pool=settings.FLASH_EC2_POOL,
        idle_grace=settings.FLASH_IDLE_GRACE,
        boot_grace=settings.FLASH_BOOT_GRACE,
        hard_cap=settings.FLASH_UPTIME_CAP,
        offers=tuple(Offer(instance_type=kind, subnet=subnet) for kind in types for subnet in subnets),
    )


def current_cloud() -> "Ec2Cloud":
    """EC2 as the settings name it."""
    # Here, because boto3 takes long to import and most installations have no EC2.
    from jobs.compute.ec2 import Ec2Cloud

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

    def reconcile(self) -> None:
        """One pass, unless another controller is at it."""
        owner = uuid.uuid4().hex
        if not Fleet.take_lock(owner=owner, duration=LOCK):
            return

        def hold() -> bool:
            return Fleet.renew_lock(owner=owner, duration=LOCK)

        try:
            policy, cloud = current_policy(), self._cloud or current_cloud()
            step(DatabaseLedger(adopts=not policy.launches), cloud, timezone.now(), policy, hold=hold)
        except Superseded:
            logger.warning("This pass took too long; another controller goes on.")
        finally:
            Fleet.release_lock(owner=owner)
