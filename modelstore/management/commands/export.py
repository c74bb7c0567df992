"""Writes what serves a model elsewhere, or trains it again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.access import named_model
from modelstore.downloads.export_targets import Target, export
from modelstore.ground.errors import FlashError


class Command(BaseCommand):
    help = (
        "Writes a folder that serves a model (on AWS Lambda, in a container, as a page without a server), or the code "
        "that trains it again without Flash: a script and a notebook."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", metavar="ID|TOKEN")
        parser.add_argument("--target", choices=[target.value for target in Target], required=True)
        parser.add_argument(
            "-o", "--output", metavar="FOLDER", help="A new or empty folder; by default, ./TARGET."
        )

    def handle(self, *, model: str, target: str, output: str | None, **options: Any) -> None:
        folder = Path(output or target)
        try:
            names = export(model=named_model(model), target=Target(target), folder=folder)
        except FlashError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        size = sum((folder / name).stat().st_size for name in names)
        self.stdout.write(f"{folder}: {', '.join(names)} ({size / 1e6:.1f} MB)")
