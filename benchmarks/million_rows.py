"""What a million past jobs and models cost the control plane: a pass of reconcile, tick and prune, and their memory.
"hourly" is what a tick adds once an hour: the look for files that no row names.

    make bench NAME=million_rows                       # SQLite in a temporary folder, 3 GB
    DATABASE_URL=postgres://… make bench NAME=million_rows    # an empty database of your own

All tries were on one fixed instance, the worst case for finding out when a machine last worked. Nothing is due: what
deleting costs depends on the storage. Times are medians; memory is the peak of what Python allocated in a pass, for
the full number of rows and for a hundredth of it.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.site import bar

_BATCH = 50_000
_REPEATS = 15
Pass = Callable[[], object]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="flash-rows-", ignore_cleanup_errors=True) as folder:
        _start_django(Path(folder))
        passes = _passes()
        few = options.rows // 100
        _grow(0, few)
        small = {name: _peak(run) for name, run in passes.items()}
        _grow(few, options.rows)
        print(
            f"{'pass':>10} {'median ms':>10} {'worst ms':>9} {'queries':>8} {'peak kB':>8} {'with 1/100':>10}"
        )
        bars: list[tuple[str, float, float]] = []
        for name, run in passes.items():
            times, queries = _measure(run)
            peak, median = _peak(run), statistics.median(times)
            print(
                f"{name:>10} {median:>10.1f} {max(times):>9.1f} {queries:>8} {peak / 1000:>8.0f}"
                f" {small[name] / 1000:>10.0f}"
            )
            bars += [(f"{name}_ms", median, 100), (f"{name}_memory_growth", peak / small[name], 1.25)]
        for bar_name, value, goal in bars:
            bar(f"million_rows_{bar_name}", value, goal, at_least=False)
    return 0


def _start_django(folder: Path) -> None:
    os.environ["FLASH_VAR_DIR"] = str(folder)
    os.environ["FLASH_LOG_LEVEL"] = "ERROR"
    os.environ.update(FLASH_COMPUTE="ec2", AWS_REGION="eu-west-1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    (folder / "tmp").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _passes() -> dict[str, Pass]:
    """The real code on a cloud that answers at once."""
    import dramatiq
    from django.utils import timezone
    from dramatiq.brokers.stub import StubBroker

    from jobs import compute
    from jobs.compute.ec2_driver import Ec2Driver
    from jobs.compute.fleet import Instance
    from jobs.upkeep import orphans
    from jobs.upkeep.sweep import sweep
    from modelstore.lifetime.pruning import prune

    class OneMachine:
        def list_instances(self) -> list[Instance]:
            return [Instance(id="i-1", state="stopped", launched=timezone.now() - timedelta(days=1))]

    dramatiq.set_broker(StubBroker())
    driver = Ec2Driver(OneMachine())  # type: ignore[arg-type]  # nothing else is called
    compute.current_driver = lambda: driver
    from jobs.compute import scheduling

    scheduling.current_driver = lambda: driver  # type: ignore[attr-defined]
    return {
        "reconcile": scheduling.reconcile,
        "tick": sweep,
        "hourly": lambda: orphans.remove_recent(timezone.now()),
        "prune": prune,
    }


def _grow(start: int, stop: int) -> None:
    """Rows number `start` to `stop` of past jobs, models, tries, and tokens of models that have gone."""
    from django.db import connection

    began = time.perf_counter()
    for first in range(start, stop, _BATCH):
        _insert(first, min(first + _BATCH, stop))
    if connection.vendor == "postgresql":
        # As autovacuum does; nobody does it for SQLite.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"{stop:,} rows of each kind after {time.perf_counter() - began:.0f} s", flush=True)


def _insert(first: int, last: int) -> None:
    """Copies a template row in the database itself; `n` is the number of the new one."""
    from django.db import connection, transaction

    from jobs.models import Attempt, Job
    from modelstore.models import RetiredToken, TrainedModel

    own = {
        **dict.fromkeys(("id", "job_id", "model_id"), "n"),
        "token_digest": "'d' || n",
        "storage_prefix": "'jobs/' || n || '/1'",
        **dict.fromkeys(("queued", "started", "finished"), _ago(connection.vendor, "n")),
        # No model is due.
        "created": _ago(connection.vendor, "n % 3000"),
    }
    templates = zip((TrainedModel, Job, Attempt, RetiredToken), _templates(), strict=True)
    with transaction.atomic(), connection.cursor() as cursor:
        for model, template in templates:
            names = [field.column for field in model._meta.concrete_fields]
            into = ", ".join(f'"{name}"' for name in names)
            values = ", ".join(own.get(name, f'one."{name}"') for name in names)
            cursor.execute(
                f"WITH RECURSIVE numbers(n) AS (SELECT {first + 10} UNION ALL"
                f" SELECT n + 1 FROM numbers WHERE n < {last + 9})"
                f" INSERT INTO {model._meta.db_table} ({into}) SELECT {values}"
                f" FROM numbers, {model._meta.db_table} AS one WHERE one.id = {template}"
            )


def _ago(vendor: str, seconds: str) -> str:
    """SQL for the time so many seconds and a minute ago, as Django writes it."""
    at = f"{time.time() - 60:.0f} - ({seconds})"
    if vendor == "postgresql":
        return f"to_timestamp({at})"
    return f"strftime('%Y-%m-%d %H:%M:%S', {at}, 'unixepoch')"


def _templates() -> tuple[int, int, int, int]:
    """One row of each kind, with documents of a usual size."""
    from jobs.models import Attempt, Job, Server
    from jobs.states import JobStatus
    from modelstore.models import RetiredToken, TrainedModel
    from training.ground.recipe import resolve

    if Job.objects.filter(token_digest="template").exists():
        return 1, 1, 1, 1
    server = Server.objects.create(name="i-1", driver="ec2", state="stopped")
    Server.objects.bulk_create(
        Server(name=f"i-gone-{number}", driver="ec2", state="terminated", instance_type="g4dn.xlarge")
        for number in range(10_000)
    )
    document = {"epochs": [{"epoch": n, "train_loss": 0.5, "val_accuracy": 0.9} for n in range(8)]}
    model = TrainedModel.objects.create(
        id=1, token_digest="template", task_type="textclassification", task_name="template",
        model_name="lstm", classes=["good", "bad"], accuracy=0.9, accuracy_low=0.8, accuracy_high=0.95,
        report=document, manifest=document, storage_prefix="jobs/1/1", size_bytes=1000,
    )  # fmt: skip
    job = Job.objects.create(
        id=1, token_digest="template", model=model, task_type="textclassification",
        task_name="template", model_name="lstm", config=resolve("textclassification", {"preset": "quick"}).to_json(),
        status=JobStatus.DEPLOYED, progress=1, attempt=1, fence=1, server=server,
    )  # fmt: skip
    Attempt.objects.create(id=1, job=job, server=server, fence=1, outcome=JobStatus.DEPLOYED)
    RetiredToken.objects.create(id=1, token_digest="template")
    return 1, 1, 1, 1


def _measure(run: Pass) -> tuple[list[float], int]:
    """Milliseconds of each of some passes, and the queries of one."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        run()
    if os.environ.get("FLASH_BENCH_QUERIES"):
        for query in sorted(captured.captured_queries, key=lambda row: -float(row["time"]))[:6]:
            print(f"    {query['time']} s  {query['sql'][:400]}")
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1000)
    return times, len(captured)


def _peak(run: Pass) -> float:
    """Bytes that one pass held at most, after a first one that filled caches."""
    run()
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    sys.exit(main())
