"""`manage.py sweep_storage`: files without rows, rows without files."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.upkeep.storage_sweep import MOST_FILES, sweep_storage
from modelstore.lifetime import deletion_guard

_SHOWN = 20
_TITLES = {
    "files": "files that no row refers to",
    "uploads": "unfinished uploads that no row refers to",
    "datasets": "datasets whose file is gone",
    "checkpoints": "checkpoints whose file is gone",
    "shared": "files that models share and that are gone (put them back from a backup)",
    "models": "models whose files are gone (they answer 503; delete them in the admin, or put the files back)",
}


class Command(BaseCommand):
    help = "Deletes files that no row refers to, and finds rows whose files are gone. Run it once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, but do nothing")
        parser.add_argument("--json", action="store_true", help="print everything found as one JSON object")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        allowed = deletion_guard.allowance()
        if allowed.refused and not dry_run:
            raise CommandError(f"Nothing was deleted: {allowed.refused}.")
        found = asdict(sweep_storage(now=allowed.now, dry_run=dry_run))
        if options["json"]:
            self.stdout.write(json.dumps(found | {"dry_run": dry_run}))
            return
        for name, title in _TITLES.items():
            rows = found[name]
            self.stdout.write(f"{len(rows)} {title}")
            for row in rows[:_SHOWN]:
                self.stdout.write(f"  {row}")
            if len(rows) > _SHOWN:
                self.stdout.write(f"  and {len(rows) - _SHOWN} more")
        done = "would be freed" if dry_run else "freed"
        self.stdout.write(f"{found['bytes'] / 1024**2:.1f} MB {done}")
        if len(found["files"]) >= MOST_FILES:
            self.stdout.write(
                "There are more; is this the right database for this storage? If so, run it again."
            )
