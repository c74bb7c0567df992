"""`manage.py tick`: one pass of the sweep, for cron or a timer."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.compute import cloudwatch_heartbeat
from jobs.upkeep.sweep import sweep


class Command(BaseCommand):
    help = (
        "Cleans up what crashes leave behind: lost leases, unsent messages, forgotten datasets, stray files. "
        "Run it every minute."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(sweep()))
        cloudwatch_heartbeat.beat()
