"""`python -m jobs.batches.child RUN_DIR [--parent-pid N]`: predicts one batch; events go to stdout as JSON lines."""

import argparse
import errno
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TextIO

from jobs.batches.child.contract import batches_of, measures_of
from jobs.batches.child.evaluating import evaluation
from jobs.batches.child.items import Labelled, Source
from jobs.batches.child.order import CSV_FILE, RESULTS_FILE, SUMMARY_FILE, XLSX_FILE, Order
from jobs.batches.child.results import Results
from jobs.batches.child.tables import MOST_ROWS, write_csv, write_xlsx
from jobs.uploads.contract import uploads_of
from jobs.uploads.errors import UploadRefused
from training.ground import confinement, landlock, log_lines
from training.ground.control import Control, die_with_parent, lower_priority
from training.ground.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from training.kinds import KINDS_VARIABLE, UnknownKind, load_kinds

logger = logging.getLogger("jobs.batches.child")

_SECONDS_BETWEEN = 0.3
_DISK_FULL = "The server's disk is full. Try again later."
_NO_ROOM = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.EFBIG: "The results would be larger than a file may be here. Send a smaller file.",
}


class Events:
    """Tells the parent how it goes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._last = 0.0
        self._before: int | None = None

    def progress(self, results: Results, total: int, *, now: bool = False) -> None:
        """A few times a second at most, unless `now`."""
        moment = time.monotonic()
        if self._before is None:
            self._before = results.done
        if moment - self._last < _SECONDS_BETWEEN and not now:
            return
        self._last = moment
        done, spent = results.done - self._before, moment - self._started
        left = max(0, total - results.done)
        self.tell(
            "progress",
            done=results.done,
            total=max(total, results.done),
            bad=results.bad,
            counts=dict(results.counts),
            eta_seconds=round(left * spent / done, 1) if done and spent > 1 else None,
        )

    def tell(self, kind: str, **facts: Any) -> None:
        """One JSON object on a line."""
        self._stream.write(json.dumps({"event": kind, **facts}) + "\n")
        self._stream.flush()


def main(arguments: list[str] | None = None) -> int:
    """Predicts what RUN_DIR asks for; the exit code is one of `training.ground.errors`."""
    parser = argparse.ArgumentParser(prog="python -m jobs.batches.child", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--parent-pid", type=int, default=None)
    options = parser.parse_args(arguments)
    die_with_parent(options.parent_pid)
    load_kinds(os.environ.get(KINDS_VARIABLE, ""))
    control = Control()
    control.catch_sigterm()
    events = Events(_stdout_for_events_only())
    try:
        return _run(options.run_dir, events, control)
    except UploadRefused as refusal:
        events.tell("error", message=refusal.detail)
    except UnknownKind as error:
        events.tell("error", message=str(error))
    except MemoryError:
        events.tell("error", message="There was not enough memory for this file. Send a smaller one.")
    except OSError as error:
        logger.exception("The batch failed for a reason of the machine.")
        if error.errno in _NO_ROOM:
            events.tell("error", message=_NO_ROOM[error.errno])
    except Exception:
        # No sentence: the parent tries again, and the operator finds this in the log.
        logger.exception("The batch failed for a reason of ours.")
    return EXIT_FAILED


def _run(folder: Path, events: Events, control: Control) -> int:
    from jobs.batches.child.predicting import Predictor
    from training.bundle.onnx_classifier import OnnxClassifier

    order = Order.read(folder)
    log_lines.set_up_child(order.request_id)
    lower_priority(order.nice)
    kind = batches_of(order.task)
    _confine(folder, order)
    labelled = _labelled(order, folder) if order.reading is not None else None
    source: Source = labelled or kind.open_source(order, folder)
    classifier = OnnxClassifier(Path(order.bundle))
    predictor = Predictor(
        classifier, limits=order.limits, top_k=order.top_k, threads=order.threads, at_once=kind.AT_ONCE
    )
    results = Results(folder / RESULTS_FILE)
    told = 0
    try:
        for chunk in predictor.results(source.items(results.done), lambda: control.interrupted):
            results.add(chunk)
            if told < len(results.first):
                told = len(results.first)
                events.tell("first", results=results.first)
            events.progress(results, source.total)
    finally:
        results.close()
    if control.interrupted:
        return EXIT_INTERRUPTED
    _finish(folder, order, source, results, labelled)
    events.tell("first", results=results.first)
    events.progress(results, results.done, now=True)
    return EXIT_DONE


def _confine(folder: Path, order: Order) -> None:
    """As what reads uploads: from here on it meets what a stranger sent."""
    confinement.die_first()
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
    landlock.restrict([order.upload, order.bundle], [str(folder)])
    # Time is counted by who started this.
    confinement.bound(memory=order.memory, file_bytes=order.limits.max_unpacked_bytes)


def _labelled(order: Order, folder: Path) -> Labelled:
    """The file's samples with their labels, unpacked as for a training; an attempt that goes on unpacks them again."""
    measures = measures_of(order.task)
    if measures is None:
        raise UploadRefused("Models of this kind cannot be measured on a file.")
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    unpack = uploads_of(order.task).unpack
    unpack(Path(order.upload), order.name, data, order.limits, order.reading or {})
    return measures.open_labelled(order, data)


def _finish(folder: Path, order: Order, source: Source, results: Results, labelled: Labelled | None) -> None:
    facts = json.loads((Path(order.bundle) / "model.json").read_text("utf-8"))
    classes, outside = facts["classes"], facts.get("outside") is not None
    many = facts.get("thresholds") is not None
    lines, top_k = folder / RESULTS_FILE, min(order.top_k, len(classes))
    write_csv(source, lines, folder / CSV_FILE, top_k, outside=outside, many=many)
    if results.done <= MOST_ROWS:
        write_xlsx(source, lines, folder / XLSX_FILE, top_k, classes, outside=outside, many=many)
    source.write_more(lines, folder)
    found = source.summary(lines)
    if labelled:
        found = {**found, "evaluation": evaluation(labelled, lines, order, classes)}
    summary = {"done": results.done, "bad": results.bad, "counts": dict(results.counts), "summary": found}
    (folder / SUMMARY_FILE).write_text(json.dumps(summary), encoding="utf-8")


def _stdout_for_events_only() -> TextIO:
    """The real stdout; what anything else prints goes to stderr."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # onnxruntime's threads need no farewell.
    os._exit(code)
