"""Registers the project's own app: checks, commands, static files."""

from django.apps import AppConfig


class FlashsiteConfig(AppConfig):
    name = "flashsite"

    def ready(self) -> None:
        from flashsite import checks  # noqa: F401
