"""Loads the demo model that the project ships."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.bundles import demo_model
from modelstore.bundles.demo_model import Loaded
from training.bundle.manifest import BundleDamaged

_TOLD = {
    Loaded.MISSING: "There is no demo bundle in {folder}; nothing was loaded.",
    Loaded.RETIRED: "The demo model was expired by an operator; --force loads it again.",
    Loaded.UNCHANGED: "The demo model is there already; its token is {token}.",
    Loaded.LOADED: "The demo model is loaded; its token is {token}.",
}


class Command(BaseCommand):
    help = (
        "Loads the demo model that comes with Flash under its well-known token. Safe to run at every start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=demo_model.FOLDER, help="Another bundle to load.")
        parser.add_argument(
            "--force", action="store_true", help="Load it even if it is already there, or has expired."
        )

    def handle(self, *, folder: Path, force: bool, **options: Any) -> None:
        try:
            done = demo_model.load(folder=folder, force=force)
        except BundleDamaged as error:
            raise CommandError(f"The bundle in {folder} is damaged: {error}.") from error
        self.stdout.write(_TOLD[done].format(folder=folder, token=demo_model.TOKEN))
