"""Writes a model's file to this machine."""

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.access import get_model
from modelstore.downloads import FORMATS, DownloadFile, open_download
from modelstore.errors import FlashError


class Command(BaseCommand):
    help = "Downloads a model: one file, or a zip of the whole bundle."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token")
        parser.add_argument("--format", choices=list(FORMATS), default="onnx")
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="Where to write it; by default, its own name here."
        )

    def handle(self, *, token: str, format: str, output: str | None, **options: Any) -> None:
        try:
            download = open_download(model=get_model(token), format=format)
        except FlashError as error:
            raise CommandError(error.detail) from error
        target = Path(output or download.name)
        try:
            _write(download, target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
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
