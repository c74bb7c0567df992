"""What the commands for people and programs share: exit codes, `--json`, refusals in words."""

import json
from argparse import ArgumentParser
from typing import Any, Never

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modelstore.ground.errors import FlashError

DONE, FAILED, WRONG_CALL, NOT_NOW, NOT_THERE, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = (
    "Exit codes: 0 done; 1 it failed, or the request cannot be carried out; 2 the command was used wrongly; "
    "3 refused for now, try again later (dev mode, full queue, busy, no room); 4 no such token or file, or it has "
    'expired; 130 interrupted. With --json an error is also printed as JSON: {"error": {"code", "detail", ...}}.'
)


class FlashCommand(BaseCommand):
    """A command whose refusals (FlashError) end in a sentence and an exit code, never in a stack trace."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, epilog=EXIT_CODES, **kwargs)
        # `predict TOKEN --json FILE`: options may stand anywhere; without this, none may stand before a list of files.
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except FlashError as error:
            self._refuse(error, as_json=bool(options.get("json")))
        except BrokenPipeError:
            # `manage.py jobs | head`: who reads has read enough.
            raise SystemExit(DONE) from None
        except KeyboardInterrupt:
            raise CommandError(self.interrupted_words(), returncode=INTERRUPTED) from None

    def interrupted_words(self) -> str:
        return "Interrupted."

    def print_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, ensure_ascii=False, default=str))

    def _refuse(self, error: FlashError, *, as_json: bool) -> Never:
        if as_json:
            described = {"code": error.code, "detail": error.detail, "errors": error.fields}
            self.print_json({"error": described | {"notes": [str(note) for note in error.notes]}})
        lines = [f"  --{name.replace('_', '-')}: {' '.join(text)}" for name, text in error.fields.items()]
        lines += [f"  {note}" for note in error.notes[:10]]
        raise CommandError("\n".join([error.detail, *lines]), returncode=exit_code(error)) from error


def exit_code(error: FlashError) -> int:
    """The exit code that tells a script what to do about a refusal."""
    if error.status in (404, 410):
        return NOT_THERE
    return NOT_NOW if error.status in (429, 503, 507) else FAILED


def add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="Answer in JSON.")


def columns(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows as lines of a table, each column as wide as its widest cell."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))] if texts else []
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]
