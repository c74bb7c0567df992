"""Deletes expired models; for cron. Running it twice, or two at once, does no harm."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from modelstore.ground.commands import FlashCommand
from modelstore.lifetime.pruning import MAX_PER_RUN, PruneResult, prune


class Command(FlashCommand):
    help = "Deletes the rows and files of expired models, and nothing else. Safe to run at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be deleted, but delete nothing."
        )
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")
        parser.add_argument(
            "--all",
            action="store_true",
            help=f"Delete even more than {MAX_PER_RUN} models at once, or after the clock was put forward.",
        )

    def handle(self, *, dry_run: bool, json: bool, all: bool, **options: Any) -> None:
        result = prune(dry_run=dry_run, everything=all)
        self._print_json(result) if json else self._print(result)
        if result.refused and result.refused != "another run is in progress":
            raise CommandError(f"No model was deleted: {result.refused}.")

    def _print_json(self, result: PruneResult) -> None:
        self.stdout.write(json.dumps(result.to_json(), ensure_ascii=False))

    def _print(self, result: PruneResult) -> None:
        for model in result.pruned:
            self.stdout.write(f"{model.created:%Y-%m-%d %H:%M}  {model.task_name}")
        verb = "would be deleted" if result.dry_run else "deleted"
        size = filesizeformat(result.freed_bytes).replace("\xa0", " ")
        self.stdout.write(f"{len(result.pruned)} expired models {verb} ({size}).")
        if result.held_back:
            self.stdout.write(f"{result.held_back} more are waiting for the next run, or for --all.")
        if result.files_left:
            self.stdout.write(
                f"The files of {result.files_left} could not be deleted yet; the next run tries."
            )
        if result.refused == "another run is in progress":
            self.stdout.write("Another run is in progress; this one did nothing.")
