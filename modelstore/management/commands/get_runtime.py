"""Fetches onnxruntime-web, so that every bundle has a page that predicts offline."""

import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.bundles.standalone_files import runtime_path
from modelstore.standalone.web.get_runtime import VERSION, get_runtime


class Command(BaseCommand):
    help = (
        "Fetches onnxruntime-web (33 MB), once: bundles then have a page that predicts in a browser, offline."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "package",
            nargs="?",
            type=Path,
            help="a package that has already been downloaded with `npm pack`; otherwise npm downloads it",
        )

    def handle(self, *, package: Path | None, **options: Any) -> None:
        target = runtime_path()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            get_runtime(target, package)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise CommandError(f"onnxruntime-web could not be fetched: {error}") from error
        self.stdout.write(f"{target}: onnxruntime-web {VERSION}, {target.stat().st_size / 1e6:.1f} MB")
