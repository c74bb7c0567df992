"""Rows outlive settings: a task may be of a kind that this site does not have any more."""

from modelstore.ground.errors import FlashError
from training.kinds import KINDS


class KindUnknown(FlashError):
    """The code for this kind of task is not here."""

    status = 503
    code = "kind_unknown"
    title = "This kind of task is not known here"


def check_kind(task: str) -> None:
    """Raise KindUnknown where the registry does not have `task`."""
    if task not in KINDS:
        known = ", ".join(KINDS)
        raise KindUnknown(
            f"This site does not know the kind of task {task[:80]!r} (it knows {known}). "
            "The operator can add it to FLASH_KINDS."
        )
