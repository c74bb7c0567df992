"""Trains on this machine: its worker is started with the site and always there."""

import socket

from django.utils import timezone

from jobs.models import Server


class LocalDriver:
    """Nothing to start or stop."""

    name = "local"

    def ensure(self, wanted: int) -> None:
        """Does nothing: the supervisor keeps the local worker alive."""


def this_server() -> Server:
    """The row of the machine that this process runs on, its heartbeat renewed."""
    server, _ = Server.objects.update_or_create(
        name=f"local:{socket.gethostname()}",
        defaults={"driver": LocalDriver.name, "heartbeat": timezone.now()},
    )
    return server
