"""`manage.py platform_status`: shows and sets the operator's switches."""

import json
from argparse import ArgumentParser
from typing import Any

from jobs.models import PlatformStatus
from jobs.queue.platform_status import platform_summary
from modelstore.ground.commands import FlashCommand

_SWITCH = {"on": True, "off": False}


class Command(FlashCommand):
    help = (
        "Shows whether Flash is busy and accepts jobs; sets dev mode, the notice and the length of the queue."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dev-mode", choices=_SWITCH, help="on: every new job is refused; running jobs continue"
        )
        parser.add_argument("--notice", help="a sentence shown on every page; empty for none")
        parser.add_argument(
            "--queue-limit",
            type=int,
            help="how many jobs may wait; 0: a job is refused while another one runs",
        )
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        changes: dict[str, Any] = {}
        if options["dev_mode"]:
            changes["dev_mode"] = _SWITCH[options["dev_mode"]]
        if options["notice"] is not None:
            changes["notice"] = options["notice"][:300]
        if options["queue_limit"] is not None:
            changes["queue_limit"] = max(options["queue_limit"], 0)
        if changes:
            PlatformStatus.objects.filter(pk=PlatformStatus.current().pk).update(**changes)
        summary = platform_summary()
        if options["json"]:
            self.stdout.write(json.dumps(summary))
            return
        for name, value in summary.items():
            self.stdout.write(f"{name:<10} {value}")
