"""A storm over a real site: random work, random faults, and at the end a count of what was lost, wrong or left over.

    make chaos SEED=1 MINUTES=20

The plan comes of the seed alone; when exactly a fault hits is up to the machine. Exit status 1 unless all counts are 0;
then the folder with the log and everything of the site stays.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos import plan
from tests.chaos.ledger import Ledger
from tests.chaos.plan import Step

if TYPE_CHECKING:
    from tests.chaos.faults import Faults
    from tests.chaos.site import Site
    from tests.chaos.work import Work

_WORKERS, _FAULTS_AT_ONCE = 6, 3
# What comes this late is left out: a visitor who stands before a closed door goes away.
_TOO_LATE = 5.0
_PATIENT = ("submit", "submit_checked", "submit_in_pieces", "delete", "cancel", "batch", "repeat")


def main() -> int:
    arguments = _arguments()
    steps = plan.make(seed=arguments.seed, minutes=arguments.minutes)
    print(
        f"seed {arguments.seed}, {arguments.minutes:g} minutes, plan {plan.digest(steps)}: {_sizes(steps)}",
        flush=True,
    )
    if arguments.show:
        for step in steps:
            print(f"{step.at:8.2f} {step.name}")
        return 0
    # Short: the socket of Redis lies in it.
    folder = Path(tempfile.mkdtemp(prefix="flash-chaos-"))
    ledger = Ledger()
    disk = _own_disk(folder / "disk", arguments.disk)
    with (folder / "log").open("wb") as log:
        try:
            _storm((disk or folder) / "var", log, steps, ledger, disk)
        finally:
            if disk is not None:
                subprocess.run(["umount", "--lazy", str(disk)], check=True)
    return _tell(ledger, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--disk", type=int, default=2_000, help="MB of the site's own disk, which fills up")
    parser.add_argument("--show", action="store_true", help="print the plan and do nothing")
    return parser.parse_args()


def _own_disk(place: Path, megabytes: int) -> Path | None:
    """A file system in memory; None, and it is told, where none may be mounted."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "chaos", str(place)]
    if os.getuid() == 0 and shutil.which("mount") and not subprocess.run(mount).returncode:
        return place
    print("No disk of its own can be mounted here: it will not be full.", flush=True)
    return None


def _storm(var: Path, log: object, steps: list[Step], ledger: Ledger, disk: Path | None) -> None:
    # The settings are read once: they must be those of the site.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "flashsite.settings", "FLASH_VAR_DIR": str(var)}
    for name in ("DATABASE_URL", "REDIS_URL", "AMQP_URL", "FLASH_S3_BUCKET"):
        os.environ.pop(name, None)
    from tests.chaos.site import ENVIRONMENT, Site, adopt_orphans

    os.environ |= ENVIRONMENT
    var.mkdir()
    adopt_orphans()
    site = Site(var, log, disk)  # type: ignore[arg-type]
    try:
        site.start()
        _set_up_django()
        _weather(site, steps, ledger)
        _clear_up(site, ledger)
    finally:
        site.stop()
    from tests.chaos import audit

    audit.count_processes(site, ledger)
    audit.count_files(var, ledger)


def _set_up_django() -> None:
    import logging

    import django

    django.setup()
    # The site's own log tells; here the operator's commands would only repeat it.
    logging.getLogger().setLevel(logging.CRITICAL)


def _weather(site: "Site", steps: list[Step], ledger: Ledger) -> None:
    """Does the steps, each at its time."""
    from tests.chaos.client import Client
    from tests.chaos.faults import Faults
    from tests.chaos.site import wake_all
    from tests.chaos.work import Work

    work, faults = Work(Client(site.port, ledger), ledger), Faults(site)
    began = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as workers, ThreadPoolExecutor(_FAULTS_AT_ONCE) as breakers:
        for step in steps:
            threading.Event().wait(max(0.0, began + step.at - time.monotonic()))
            pool = breakers if step.is_fault else workers
            pool.submit(_do, step, began, work, faults, ledger)
        breakers.shutdown()
        wake_all()
        faults.undo()
    print("the storm is over; waiting until all is settled", flush=True)


def _do(step: Step, began: float, work: "Work", faults: "Faults", ledger: Ledger) -> None:
    late = time.monotonic() - began - step.at
    if late > _TOO_LATE and not step.is_fault and step.name not in _PATIENT:
        ledger.count("steps that came too late")
        return
    try:
        if step.is_fault:
            ledger.count(f"fault {step.name}")
            faults.cause(step.name, step.number)
        else:
            work.do(step.name, step.number)
    except Exception:
        ledger.count("mistakes of the storm itself")
        traceback.print_exc()


def _clear_up(site: "Site", ledger: Ledger) -> None:
    from tests.chaos import audit
    from tests.chaos.client import Client
    from tests.chaos.site import wait_until

    wait_until(site.answers, 120)
    audit.settle(ledger)
    # Rows that predictions looked up are forgotten.
    threading.Event().wait(5)
    audit.check_promises(Client(site.port, ledger), ledger)
    audit.let_time_pass(site.var)
    audit.count_strays(ledger)
    ledger.count("restarts of the supervisor", site.restarts)


def _sizes(steps: list[Step]) -> str:
    faults = sum(step.is_fault for step in steps)
    return f"{len(steps) - faults} actions, {faults} faults"


def _tell(ledger: Ledger, folder: Path) -> int:
    for name, number in sorted(ledger.counts.items()):
        print(f"{number:7,} {name}")
    log = (folder / "log").read_text("utf-8", "replace")
    for words in (
        "Traceback",
        "failed for a reason of ours",
        "A part of the sweep failed",
        "SIGBUS",
        "SIGSEGV",
    ):
        print(f"{log.count(words):7,} times in the log: {words}")
    failed = any(ledger.findings.values()) or bool(ledger.counts["mistakes of the storm itself"])
    for kind, sentences in ledger.findings.items():
        for sentence in sentences:
            print(f"{kind}: {sentence}")
    if failed:
        print(f"log and files: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    for kind, sentences in ledger.findings.items():
        print(f"{kind} {len(sentences)}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
