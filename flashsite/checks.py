"""System checks on the settings: a bad value is told at start, with what to set."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from flashsite import env


@checks.register
def environment_is_readable(**kwargs: Any) -> list[checks.CheckMessage]:
    return [checks.Error(sentence, id="flash.E001", obj=name) for name, sentence in env.PROBLEMS]


@checks.register
def var_dir_is_writable(**kwargs: Any) -> list[checks.CheckMessage]:
    folder = Path(settings.FLASH_VAR_DIR)
    try:
        for part in (
            folder,
            Path(settings.FILE_UPLOAD_TEMP_DIR),
            settings.FLASH_RUNS_DIR,
            settings.FLASH_CACHE_DIR,
        ):
            part.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        hint = "Set FLASH_VAR_DIR to a folder that this user may write to."
        return [checks.Error(f"{folder} cannot be written: {error.strerror}.", hint=hint, id="flash.E002")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def debug_is_off(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.DEBUG:
        return [checks.Error("FLASH_DEBUG is on; unset it on a public site.", id="flash.E003")]
    return []
