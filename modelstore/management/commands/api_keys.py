"""`manage.py api_keys`: makes, lists and revokes keys of programs."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from modelstore import api_keys
from modelstore.ground.commands import NOT_THERE, WRONG_CALL, FlashCommand, add_json, columns
from modelstore.models import ApiKey, Scope


class Command(FlashCommand):
    help = "Creates, lists and revokes API keys. The secret of a new key is printed once and not stored anywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["list", "create", "revoke"])
        parser.add_argument(
            "name", nargs="?", help="create: who uses it; revoke: its first characters, or its name."
        )
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="create: what the key may do; may be given several times (default: read and submit).",
        )
        parser.add_argument("--days", type=int, help="create: it expires after this many days.")
        add_json(parser)

    def handle(self, *, action: str, name: str | None, json: bool, **options: Any) -> None:
        if action == "list":
            self._list(json)
            return
        if not name:
            raise CommandError(f"Say which key: manage.py api_keys {action} NAME", returncode=WRONG_CALL)
        if action == "create":
            self._create(name, options["scope"] or ["read", "submit"], options["days"], json)
        else:
            self._revoke(name, json)

    def _create(self, name: str, scopes: list[str], days: int | None, as_json: bool) -> None:
        expires = timezone.now() + timedelta(days=days) if days else None
        key, secret = api_keys.create(name=name[:100], scopes=scopes, expires=expires)
        if as_json:
            self.print_json(_document(key) | {"key": secret})
            return
        self.stdout.write(secret)
        self.stderr.write(f"{key.name}: {', '.join(key.scopes)}. Write the key down: it is not shown again.")

    def _list(self, as_json: bool) -> None:
        keys = list(ApiKey.objects.all()[:1000])
        if as_json:
            self.print_json([_document(key) for key in keys])
            return
        rows: list[tuple[Any, ...]] = [
            (f"{key.start}…", ",".join(key.scopes), _state(key), _day(key.last_used), key.name)
            for key in keys
        ]
        head = ("KEY", "SCOPES", "STATE", "LAST USED", "NAME")
        for line in columns([head, *rows]) if rows else ["There are no keys."]:
            self.stdout.write(line)

    def _revoke(self, name: str, as_json: bool) -> None:
        start = name.rstrip("…")
        matching = ApiKey.objects.filter(revoked=None)
        found = list(matching.filter(start=start)[:2]) or list(matching.filter(name=name)[:2])
        if len(found) != 1:
            words = "No usable key has that name" if not found else "Several keys have that name"
            raise CommandError(
                f"{words}: use the first characters from `manage.py api_keys list`.", returncode=NOT_THERE
            )
        api_keys.revoke(key=found[0])
        found[0].refresh_from_db()
        self.print_json(_document(found[0])) if as_json else self.stdout.write(f"{found[0]} is revoked.")


def _state(key: ApiKey) -> str:
    if key.revoked:
        return f"revoked {_day(key.revoked)}"
    if key.expires and key.expires <= timezone.now():
        return f"expired {_day(key.expires)}"
    return f"until {_day(key.expires)}" if key.expires else "for ever"


def _day(time: Any) -> str:
    return f"{time:%Y-%m-%d}" if time else "never"


def _document(key: ApiKey) -> dict[str, Any]:
    times = {name: getattr(key, name) for name in ("created", "expires", "revoked", "last_used")}
    return {"name": key.name, "start": key.start, "scopes": key.scopes} | {
        name: time and time.isoformat() for name, time in times.items()
    }
