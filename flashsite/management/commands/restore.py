"""`manage.py restore FILE`: makes this site what it was when `manage.py backup` wrote FILE."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError

from flashsite.backup import contents
from flashsite.backup.refusal import Refused
from flashsite.backup.restoring import SETTINGS_FILE, Restored, recover, restore
from flashsite.backup.words import Share, ends_like_ctrl_c, of_disk
from modelstore.ground.commands import FAILED, WRONG_CALL, FlashCommand, add_json

T = TypeVar("T")


class Command(FlashCommand):
    help = (
        "Makes this site what it was when `backup` wrote FILE. Web and workers must be stopped. Everything is "
        "unpacked, checked and brought up to date beside what is here, and only then put in its place: when something "
        "is wrong, or on Ctrl-C, the site stays what it was. A later version of Flash can restore the backups of an "
        "earlier one, not the other way round."
    )
    # One of them finds what this command repairs.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a file that `manage.py backup` wrote")
        parser.add_argument(
            "--replace", action="store_true", help="also when this site has data, which is then put aside"
        )
        parser.add_argument(
            "--recover",
            action="store_true",
            help="only finish, or undo, a restore that was interrupted by a crash",
        )
        add_json(parser)

    def handle(self, *args: Any, file: Path | None, replace: bool, **options: Any) -> None:
        if options["recover"]:
            self.stdout.write(_or_refused(recover) or "No restore was interrupted.")
            return
        if file is None:
            raise CommandError("Name the file of a backup.", returncode=WRONG_CALL)
        share = Share(self.stdout, quiet=options["json"])
        try:
            with ends_like_ctrl_c():
                done = _or_refused(lambda: restore(file.absolute(), replace=replace, progress=share.draw))
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}".strip(), returncode=FAILED) from error
        except OSError as error:
            raise CommandError(of_disk(error), returncode=FAILED) from error
        finally:
            share.end()
        if options["json"]:
            self.print_json(asdict(done))
        else:
            self._tell(done)

    def _tell(self, done: Restored) -> None:
        self.stdout.write(f"Restored as of {done.made}: {contents.in_words(done.counts)}.")
        if done.aside:
            self.stdout.write(
                f"What was here before: {', '.join(done.aside)}; delete it when you no longer need it."
            )
        if done.missing:
            self.stdout.write(f"Rows name files that are not there: {', '.join(done.missing[:5])}")
        if done.other_key:
            self.stdout.write("FLASH_SECRET_KEY is another one here, so that everybody has to sign in again.")
        if done.settings:
            path = Path(settings.FLASH_VAR_DIR) / SETTINGS_FILE
            self.stdout.write(
                f"Set otherwise at the time: {', '.join(done.settings)}. The values are in {path}."
            )
        self.stdout.write(
            "Models and datasets whose time has come since are deleted soon after the start; to keep them, turn the "
            "cleanup policy off first. Now start Flash."
        )

    def interrupted_words(self) -> str:
        return "Interrupted; the site is what it was before."


def _or_refused(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as refused:
        raise CommandError(str(refused), returncode=FAILED) from None
