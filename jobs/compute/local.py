"""Trains on this machine: its worker is started with the site and always there."""

import socket

from django.conf import settings
from django.utils import timezone

from jobs.models import Server


class LocalDriver:
    """Nothing to start or stop."""

    name = "local"

    def reconcile(self) -> None:
        """Does nothing: the supervisor keeps the local worker alive."""


def this_server() -> Server:
    """The row of the machine that this process runs on, its heartbeat renewed.

    On EC2 FLASH_SERVER_NAME holds the instance's id, so that the control plane knows which machine works.
    """
    if settings.FLASH_SERVER_NAME:
        name, driver = settings.FLASH_SERVER_NAME, "ec2"
    else:
        name, driver = f"local:{socket.gethostname()}", LocalDriver.name
    server, _ = Server.objects.update_or_create(
        name=name, defaults={"driver": driver, "heartbeat": timezone.now()}
    )
    return server
