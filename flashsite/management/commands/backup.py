"""`manage.py backup FILE`: the whole site in one file, while it runs."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat

from flashsite.backup import contents
from flashsite.backup.making import make
from flashsite.backup.refusal import Refused
from flashsite.backup.words import Share, ends_like_ctrl_c, of_disk
from modelstore.ground.commands import FAILED, FlashCommand, add_json


class Command(FlashCommand):
    help = (
        "Writes the whole site to FILE while it runs: all rows, every stored file that they name (from a bucket, too), "
        "the secret key and the FLASH_… settings. FILE is for its owner alone (0600), for it holds every token and "
        "password; not in it are the addresses of database, Redis and AWS, and uploads that are not finished. FILE "
        "is there when it is complete; Ctrl-C leaves nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to write it, best on another disk")
        parser.add_argument(
            "--without-files",
            action="store_true",
            help="rows, key and settings alone: the stored files stay where they are, for a bucket with versions",
        )
        parser.add_argument(
            "--force", action="store_true", help="replace FILE if it is there; by default it is left alone"
        )
        add_json(parser)

    def handle(self, *args: Any, file: Path, without_files: bool, force: bool, **options: Any) -> None:
        if file.exists() and not force:
            raise CommandError(
                f"{file} is there already. Name another file, or add --force.", returncode=FAILED
            )
        share = Share(self.stdout, quiet=options["json"])
        try:
            with ends_like_ctrl_c():
                made = make(file.absolute(), with_files=not without_files, progress=share.draw)
        except Refused as refused:
            raise CommandError(str(refused), returncode=FAILED) from None
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}".strip(), returncode=FAILED) from error
        except OSError as error:
            raise CommandError(of_disk(error), returncode=FAILED) from error
        finally:
            share.end()
        if options["json"]:
            self.print_json(asdict(made) | {"path": str(made.path)})
            return
        size = filesizeformat(made.bytes).replace("\xa0", " ")
        self.stdout.write(f"{made.path}: {size}, files: {made.files:,}, {contents.in_words(made.counts)}")
        if made.missing:
            shown = ", ".join(made.missing[:5]) + (", …" if len(made.missing) > 5 else "")
            self.stderr.write(
                f"Not in it, for the storage no longer has them: {shown} (manage.py sweep_storage)."
            )

    def interrupted_words(self) -> str:
        return "Interrupted; no backup was made."
