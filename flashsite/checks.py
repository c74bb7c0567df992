"""System checks on the settings: a bad value is told at start, with what to set."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from flashsite import env
from flashsite.backup import swap
from training.ground import landlock


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


@checks.register
def no_restore_is_half_done(**kwargs: Any) -> list[checks.CheckMessage]:
    if swap.journal_path().exists():
        return [
            checks.Error(
                "A restore was interrupted, so the site may be half of one and half of another; run manage.py restore "
                "--recover.",
                id="flash.E006",
            )
        ]
    return []


@checks.register(checks.Tags.security, deploy=True)
def debug_is_off(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.DEBUG:
        return [checks.Error("FLASH_DEBUG is on; unset it on a public site.", id="flash.E003")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def children_can_be_locked_in(**kwargs: Any) -> list[checks.CheckMessage]:
    """What reads strangers' files is locked in by the kernel; without that, only its other bounds hold."""
    if landlock.is_there():
        return []
    hint = "Use Linux 5.13 or newer, with landlock in its list of security modules (the parameter lsm=)."
    return [
        checks.Info("This system has no Landlock to lock readers of uploads in.", hint=hint, id="flash.I001")
    ]


@checks.register
def alerts_can_be_mailed(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.ADMINS and not settings.EMAIL_HOST and "smtp" in settings.EMAIL_BACKEND:
        sentence = (
            "FLASH_ALERT_EMAILS is set, but no mail can be sent; set FLASH_EMAIL_HOST to a mail server."
        )
        return [checks.Warning(sentence, id="flash.W002")]
    return []


@checks.register
def compute_is_complete(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.FLASH_COMPUTE != "ec2":
        return []
    found: list[checks.CheckMessage] = []
    if not settings.FLASH_AWS_REGION:
        found.append(checks.Error("FLASH_COMPUTE is ec2; set AWS_REGION to its region.", id="flash.E004"))
    if settings.FLASH_UPTIME_CAP <= settings.FLASH_JOB_DEADLINE:
        sentence = "FLASH_UPTIME_CAP_SECONDS must be more than FLASH_JOB_DEADLINE_SECONDS; a long job would never end."
        found.append(checks.Error(sentence, id="flash.E005"))
    if settings.FLASH_EC2_LAUNCH_TEMPLATE == "" and (settings.FLASH_EC2_SPOT or settings.FLASH_EC2_TYPES):
        sentence = "FLASH_EC2_SPOT and FLASH_EC2_TYPES only apply to a pool; set FLASH_EC2_LAUNCH_TEMPLATE."
        found.append(checks.Warning(sentence, id="flash.W001"))
    return found
