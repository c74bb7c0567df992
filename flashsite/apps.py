"""Registers the project's own app: checks, commands, static files."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class FlashsiteConfig(AppConfig):
    name = "flashsite"

    def ready(self) -> None:
        from flashsite import checks  # noqa: F401
        from training.kinds import KINDS, KindsInvalid, load_kinds

        try:
            load_kinds(settings.FLASH_KINDS)
            # The built-in ones are put beside them now, not in the middle of a request.
            len(KINDS)
        except KindsInvalid as error:
            raise ImproperlyConfigured(f"FLASH_KINDS: {error}") from error
