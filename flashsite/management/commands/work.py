"""`manage.py work QUEUE`: one worker process for some queues.

Dramatiq's own command starts a master beside each worker; one process per queue is all that Flash needs, so this
uses dramatiq.Worker directly: half the memory, and the supervisor sees the worker itself.
"""

import logging
import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

import dramatiq
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules

from flashsite import periodic
from flashsite.supervisor import tether
from jobs.lanes import has_short_lane
from jobs.messaging.late_broker import LateBroker

# The trainer gets 25 s for its checkpoint (jobs.worker.runner), the rest is for writing the row.
_SHUTDOWN_MILLISECONDS = 40_000
_WEBHOOK_THREADS = 2


class Command(BaseCommand):
    help = "Run one worker process for the named queues (control, training) until SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="+", metavar="QUEUE")
        parser.add_argument(
            "--threads",
            type=int,
            help="how many messages to work on at the same time; default: 2 for control, else 1",
        )
        parser.add_argument(
            "--periodic",
            action="store_true",
            help="also run tick, prune_models and sweep_storage; otherwise use cron",
        )

    def handle(self, *args: Any, queues: list[str], threads: int | None, **options: Any) -> None:
        tether.keep_secrets()
        stopping = _stop_event()
        workers = [start_worker(queues=set(queues), threads=threads or _threads(queues))]
        if "control" in queues:
            # Threads of their own, in the same process: another one would cost 60 MB.
            workers.append(_run_worker(workers[0].broker, {"webhooks"}, _WEBHOOK_THREADS))
        if "training" in queues and has_short_lane():
            workers.append(_run_worker(workers[0].broker, {"short_training"}, 1))
        if options["periodic"]:
            _start_periodic(stopping)
        self.stdout.write(f"waiting for work in {', '.join(queues)}")
        stopping.wait()
        # jobs.worker.middleware tells the jobs in hand; then this waits for them, all at once.
        ending = [threading.Thread(target=worker.stop, args=(_SHUTDOWN_MILLISECONDS,)) for worker in workers]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()
        workers[0].broker.close()


def _threads(queues: list[str]) -> int:
    """A batch takes one thread for hours; the control queue needs another beside it."""
    return 2 if "control" in queues else 1


def start_worker(*, queues: set[str], threads: int) -> dramatiq.Worker:
    """A running worker that keeps no more messages to itself than it works on."""
    autodiscover_modules(*settings.DRAMATIQ_AUTODISCOVER_MODULES)
    broker = dramatiq.get_broker()
    if isinstance(broker, LateBroker):
        broker = broker.actual()
    broker.emit_after("process_boot")
    return _run_worker(broker, queues, threads)


def _run_worker(broker: dramatiq.Broker, queues: set[str], threads: int) -> dramatiq.Worker:
    broker.logger.addFilter(_is_worth_saying)
    worker = dramatiq.Worker(broker, queues=queues, worker_threads=threads)
    # The default, twice the threads, lets a worker with a long job hoard the next one (RELIABILITY, section 4).
    worker.queue_prefetch = threads
    worker.start()
    return worker


def _is_worth_saying(record: logging.LogRecord) -> bool:
    """Every worker of a process brings a middleware for its own queues; dramatiq warns of the second."""
    return "middleware of the same type" not in record.getMessage()


def _stop_event() -> threading.Event:
    """Set by SIGINT, SIGTERM or SIGHUP; a second signal ends the process at once."""
    stopping = threading.Event()

    def stop(*_: Any) -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return stopping


def _start_periodic(stopping: threading.Event) -> None:
    threading.Thread(target=periodic.loop, args=(stopping,), name="periodic", daemon=True).start()
