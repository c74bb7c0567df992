"""`manage.py storage_rules`: the rules that the bucket itself keeps."""

import json
from argparse import ArgumentParser
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.upkeep import storage_rules
from modelstore.ground import files


class Command(BaseCommand):
    help = (
        "Sets the rules of the bucket: what it deletes eventually, which pages may upload to it, "
        "and that the public has no access."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the rules and change nothing")
        parser.add_argument(
            "--origin",
            action="append",
            help="an address of the site, such as https://flash.example.org; default: FLASH_TRUSTED_ORIGINS",
        )

    def handle(self, *args: Any, dry_run: bool, origin: list[str] | None, **options: Any) -> None:
        if files.local_path("x") is not None:
            raise CommandError("Files are kept on this disk; set FLASH_S3_BUCKET to keep them in a bucket.")
        origins = origin or list(settings.CSRF_TRUSTED_ORIGINS)
        rules = {
            "lifecycle": storage_rules.lifecycle_rules(),
            "cors": storage_rules.cors_rules(origins) if origins else [],
        }
        if dry_run:
            self.stdout.write(json.dumps(rules, indent=2))
            return
        try:
            storage_rules.apply(origins)
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The bucket did not accept the rules: {error}") from None
        self.stdout.write("The bucket has its rules.")
        if not origins:
            self.stdout.write(
                "No page may upload to it: name the site with --origin or FLASH_TRUSTED_ORIGINS."
            )
