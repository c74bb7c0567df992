"""gunicorn's configuration, for `up` and for deploy/: `gunicorn --config flashsite/supervisor/gunicorn_conf.py`."""

import gc
import os
from pathlib import Path
from typing import Any

from flashsite import env
from flashsite.supervisor import shared_metrics, tether
from training.ground import log_lines

bind = env.string("FLASH_BIND", "127.0.0.1:8000")
worker_class = "flashsite.supervisor.web_worker.WebWorker"
workers = env.integer("FLASH_WEB_PROCESSES", 2, low=1)
# More than may wait for a prediction, so that pages always find a thread.
threads = env.integer("FLASH_WEB_THREADS", 16, low=1)
# One socket for all: WebWorker lets the process with the fewest connections accept. With a socket each, the kernel
# deals connections by a hash, often unevenly.
reuse_port = False
# Loaded once before the fork: the processes share that memory.
preload_app = True
# gthread beats from its main loop, so a long upload is no hang; this catches a process that is stuck as a whole.
timeout = 120
graceful_timeout = 10
keepalive = 5
# A heartbeat file on a busy disk can block for seconds; this one is in memory.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes it unguessable
control_socket_disable = True
# Where the processes write what /metrics adds up; empty at each start. It must be named before the site is loaded.
_metrics = shared_metrics.open_folder(env.path("FLASH_VAR_DIR", Path("var").absolute()), bind)
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
if _metrics is not None:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)
# No access log: paths hold tokens, and a token is a key.
accesslog = None
loglevel = "warning"
if env.choice(log_lines.FORMAT_VARIABLE, log_lines.TEXT, log_lines.FORMATS) == log_lines.JSON:
    logconfig_dict = {
        "formatters": {"generic": {"()": "training.ground.log_lines.JsonLines"}},
        "loggers": {
            "gunicorn.error": {"level": "WARNING", "handlers": ["error_console"], "propagate": False}
        },
    }


# Loading the site makes many objects and no garbage worth looking for; pre_fork turns the collector on again.
gc.disable()


def on_starting(server: Any) -> None:
    """Makes what the processes share, before there are any."""
    from flashsite.supervisor.web_worker import ConnectionCounts, WebWorker

    WebWorker.counts = ConnectionCounts()


def child_exit(server: Any, worker: Any) -> None:
    """A process of the web has ended."""
    from prometheus_client import multiprocess

    worker.counts.forget(worker.age)
    if _metrics is not None:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """The last of the web's processes is about to end."""
    if _metrics is not None:
        shared_metrics.remove_folder(_metrics)


def when_ready(server: Any) -> None:
    """Loads all that a first request would load, and keeps the collector from copying what the processes share."""
    from django.template import engines
    from django.urls import get_resolver

    from modelstore.ground import reserve, temporary, throttle

    # What was left in the middle of an upload by processes that were killed.
    temporary.remove_orphans(at_start=True)
    reserve.take()
    throttle.share()
    get_resolver().url_patterns  # noqa: B018 - imports every view
    engines.all()
    gc.collect()
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """All is loaded, also when gunicorn was told to load it again."""
    gc.enable()


def post_fork(server: Any, worker: Any) -> None:
    """A process of the web dies with its master, even when that is killed -9."""
    tether.keep_secrets()
    tether.die_with_parent(parent=worker.ppid)
    if _metrics is not None:
        shared_metrics.begin_process(_metrics)
