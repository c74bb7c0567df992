"""`manage.py up`: everything of Flash on this machine, from one command."""

import hashlib
import importlib.util
import io
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, SystemCheckError
from django.db import DatabaseError

from flashsite.backup import swap
from flashsite.supervisor import lock, ports, tether
from flashsite.supervisor.console import Console
from training.ground import log_lines


class Command(BaseCommand):
    help = "Prepare the database and files, then run Redis, web, workers and periodic tasks until Ctrl-C."
    # They run as a step of their own, so that their words come out as sentences.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
        )
        parser.add_argument(
            "--port", type=int, default=None, help="port to listen on (default: the first free one from 8000)"
        )
        parser.add_argument(
            "--no-training",
            dest="training",
            action="store_false",
            help="serve models, but train nothing on this machine",
        )
        parser.add_argument(
            "--die-with-parent", action="store_true", help="stop when the calling process dies (make)"
        )

    def handle(
        self, *args: Any, host: str, port: int | None, training: bool, die_with_parent: bool, **options: Any
    ) -> None:
        if die_with_parent:
            tether.die_with_parent(parent=os.getppid(), number=signal.SIGTERM)
        console = Console(as_json=settings.FLASH_LOG_FORMAT == log_lines.JSON)
        try:
            handle = lock.acquire(settings.FLASH_VAR_DIR)
            port = ports.choose(host, port)
            prepare(console)
        except (lock.AlreadyRunning, ports.PortUnavailable) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(_explain(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped before anything was started.", returncode=130) from None
        if training and not can_train():
            console.say(
                "The training packages are not installed (make up installs them): jobs will wait in the queue."
            )
            training = False
        become_supervisor(host=host, port=port, training=training, lock_handle=handle)


def prepare(console: Console) -> None:
    """Everything that must be there before the first request: settings, tables, static files, a model to try."""
    if told := swap.recover():
        console.say(told)
    for folder in (settings.FILE_UPLOAD_TEMP_DIR, settings.FLASH_RUNS_DIR, settings.FLASH_CACHE_DIR):
        Path(folder).mkdir(parents=True, exist_ok=True)
    console.say("Checking the settings ...")
    try:
        call_command("check", fail_level="ERROR", verbosity=0, stdout=io.StringIO())
    except SystemCheckError as error:
        raise CommandError(str(error)) from None
    console.say("Preparing the database ...")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise CommandError(f"The database cannot be used: {error}".strip()) from None
    collect_static(console)
    load_demo(console)
    if not get_user_model()._default_manager.filter(is_superuser=True).exists():
        console.say(f"No operator yet; for the admin pages: {sys.executable} manage.py createsuperuser")


def collect_static(console: Console) -> None:
    """Collect and compress the static files, unless they are the same as last time."""
    stamp, present = Path(settings.STATIC_ROOT) / ".sources", static_sources()
    if stamp.is_file() and stamp.read_text() == present:
        return
    console.say("Collecting static files ...")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(present)


def static_sources() -> str:
    """A digest over names, sizes and times of all static files."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            facts = os.stat(storage.path(name))
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def load_demo(console: Console) -> None:
    """The demo model is a courtesy: without it Flash starts all the same."""
    if "load_demo" not in get_commands():
        return
    console.say("Loading the demo model ...")
    try:
        call_command("load_demo", verbosity=0)
    except Exception as error:
        console.say(f"The demo model could not be loaded ({error}); everything else works.")


def can_train() -> bool:
    """Whether the training packages are installed; asks without importing them."""
    return (
        importlib.util.find_spec("torch") is not None and importlib.util.find_spec("torchvision") is not None
    )


def become_supervisor(*, host: str, port: int, training: bool, lock_handle: int) -> None:
    """Replace this process, which has all of Django in memory, by the small one that only supervises."""
    words = [sys.executable, "-m", "flashsite.supervisor", "--var-dir", str(settings.FLASH_VAR_DIR)]
    words += ["--host", host, "--port", str(port), "--site", _site_name(), "--lock-handle", str(lock_handle)]
    if not training:
        words.append("--no-training")
    if os.environ.get("REDIS_URL") or settings.AMQP_URL:
        words.append("--no-redis")
    os.chdir(settings.BASE_DIR)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, words)


def _site_name() -> str:
    """A Host header that ALLOWED_HOSTS lets through."""
    name = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    return "localhost" if name == "*" else name.lstrip(".")


def _explain(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    advice = {
        28: "The disk is full: free some space, or set FLASH_VAR_DIR to a folder on another disk.",
        13: "This user may not write there: set FLASH_VAR_DIR to a folder of your own.",
        30: "That file system is read-only: set FLASH_VAR_DIR to a folder that can be written to.",
    }.get(error.errno or 0, "Set FLASH_VAR_DIR to another folder if that one cannot be fixed.")
    return f"{error.strerror or error}{where}. {advice}"
