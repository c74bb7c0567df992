"""Registers the project's own app: checks, commands, static files."""

from django.apps import AppConfig
from django.conf import settings


class FlashsiteConfig(AppConfig):
    name = "flashsite"

    def ready(self) -> None:
        from flashsite import checks  # noqa: F401
        from training.kinds import load_kinds

        load_kinds(settings.FLASH_KINDS)
