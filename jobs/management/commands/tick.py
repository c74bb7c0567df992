"""`manage.py tick`: one pass of the sweep, for cron or a timer."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from jobs.sweep import sweep


class Command(BaseCommand):
    help = (
        "Repairs whatever a death left behind: lost leases, unsent messages, forgotten datasets, stray files. "
        "Run it every minute."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all-files",
            action="store_true",
            help="look for stray files among all that is stored; else hourly among recent ones",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(sweep(thorough=options["all_files"])))
