"""Cron for the one-command start: a loop that runs the commands which elsewhere deploy/crontab runs."""

import io
import logging
import threading
import time

from django.core.management import call_command
from django.db import close_old_connections

logger = logging.getLogger(__name__)

# Command, and every how many seconds. All are idempotent and safe to run twice at once.
SCHEDULE = {"tick": 15.0, "prune_models": 600.0, "sweep_storage": 86400.0}


def loop(stopping: threading.Event) -> None:
    """Run each command at once and then whenever it is due, until `stopping` is set."""
    due = dict.fromkeys(SCHEDULE, time.monotonic())
    while not stopping.is_set():
        for name in [name for name, at in due.items() if at <= time.monotonic()]:
            due[name] = time.monotonic() + SCHEDULE[name]
            run(name)
        stopping.wait(max(0.0, min(due.values()) - time.monotonic()))


def run(name: str) -> None:
    """Run one command; an error is logged, and the next turn tries again."""
    close_old_connections()
    try:
        call_command(name, verbosity=0, stdout=io.StringIO())
    except Exception:
        logger.exception("The periodic task %s failed; it is tried again in %.0f s.", name, SCHEDULE[name])
    finally:
        close_old_connections()
