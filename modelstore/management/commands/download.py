"""Writes a model's file to this machine."""

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from modelstore.access import named_model
from modelstore.downloads.file_responses import FORMATS, DownloadFile, open_download
from modelstore.ground.commands import FlashCommand, add_json


class Command(FlashCommand):
    help = "Downloads a model: one file, a zip of the whole bundle, or the code that trains it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", metavar="ID|TOKEN")
        parser.add_argument("--format", choices=list(FORMATS), default="onnx")
        parser.add_argument(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write it; by default, to this folder under its own name.",
        )

        add_json(parser)

    def handle(self, *, model: str, format: str, output: str | None, json: bool, **options: Any) -> None:
        download = open_download(model=named_model(model), format=format)
        target = Path(output or download.name)
        try:
            _write(download, target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
        if json:
            self.print_json({"file": str(target), "bytes": target.stat().st_size, "format": format})
        else:
            self.stdout.write(str(target))


def _write(download: DownloadFile, target: Path) -> None:
    """Under another name first: what bears the name is complete."""
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("xb") as file:
            file.writelines(download.stream)
        os.replace(partial, target)
    finally:
        download.stream.close()
        partial.unlink(missing_ok=True)
